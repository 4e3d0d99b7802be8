// Reads the OpenAPI document and lets a person try each call with the session of this browser.

const make = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};

const resolve = (root, schema) =>
  schema?.$ref ? schema.$ref.slice(2).split("/").reduce((part, key) => part[key], root) : schema ?? {};

const example = (root, schema) => {
  const { properties = {}, required = [] } = resolve(root, schema);
  return Object.fromEntries(
    Object.entries(properties).map(([name, inner]) => [
      name,
      required.includes(name) ? (inner.type === "string" ? "" : null) : (inner.default ?? null),
    ]),
  );
};

const field = (parameter) => {
  const input = make("input", { name: parameter.name, required: parameter.required ?? false, autocomplete: "off" });
  const fallback = parameter.schema?.default;
  input.placeholder = fallback === undefined || fallback === null ? "" : String(fallback);
  input.dataset.place = parameter.in;
  input.dataset.many = JSON.stringify(parameter.schema ?? {}).includes('"array"') ? "1" : "";
  const note = parameter.description ? make("small", { textContent: parameter.description }) : "";
  return make("label", {}, make("span", { textContent: parameter.name + (parameter.required ? " *" : "") }), input, note);
};

const address = (path, inputs) => {
  const query = new URLSearchParams();
  for (const input of inputs) {
    if (input.dataset.place === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.value !== "")
      for (const value of input.dataset.many ? input.value.split(/\s+/) : [input.value]) query.append(input.name, value);
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
};

const show = async (answer, output, started) => {
  const text = await answer.text();
  const seconds = ((performance.now() - started) / 1000).toFixed(3);
  let body = text;
  try {
    body = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Not every answer is JSON: an empty one is shown as it is.
  }
  output.textContent = `${answer.status} in ${seconds} s\n${body.length > 200000 ? `${body.slice(0, 200000)}\n…` : body}`;
};

const follow = (url, output) => {
  const stream = new EventSource(url);
  const names = ["fleet", "hosts", "added", "removed", "host", "schema", "report", "processes", "event", "gap", "skipped", "ping"];
  for (const name of names)
    stream.addEventListener(name, (event) => {
      output.textContent = `${name} ${event.data}\n${output.textContent}`.slice(0, 50000);
    });
  stream.onerror = () => stream.close();
  return () => stream.close();
};

const call = (root, path, method, operation) => {
  const inputs = (operation.parameters ?? []).map(field);
  const content = operation.requestBody?.content?.["application/json"];
  const body = content && make("textarea", { rows: 5, spellcheck: false, value: JSON.stringify(example(root, content.schema), null, 2) });
  const output = make("pre", { hidden: true, tabIndex: 0 });
  const form = make("form", {}, ...inputs, body ? make("label", {}, make("span", { textContent: "body" }), body) : "", make("button", { textContent: "Send" }), output);
  let stop = () => {};
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    stop();
    output.hidden = false;
    output.textContent = "…";
    const url = address(path, inputs.map((label) => label.querySelector("input")));
    if (path.endsWith("/live")) {
      stop = follow(url, output);
      return;
    }
    const started = performance.now();
    try {
      const headers = { "Wk-Csrf": "1", ...(body ? { "Content-Type": "application/json" } : {}) };
      await show(await fetch(url, { method: method.toUpperCase(), headers, body: body?.value }), output, started);
    } catch (error) {
      output.textContent = `The hub did not answer: ${error.message}`;
    }
  });
  const title = make("summary", {}, make("b", { textContent: method.toUpperCase(), className: method }), make("code", { textContent: path }), make("span", { textContent: operation.summary ?? "" }));
  return make("details", {}, title, form);
};

const whoIsThere = async () => {
  const answer = await fetch("/api/v1/session");
  const who = document.getElementById("who");
  if (answer.ok) who.textContent = `Signed in as ${(await answer.json()).user.name}`;
  else who.replaceChildren("Nobody is signed in: ", make("a", { href: "/", textContent: "sign in" }), " and come back.");
  return answer.ok;
};

const start = async () => {
  const calls = document.getElementById("calls");
  if (!(await whoIsThere())) return;
  const root = await (await fetch("/api/openapi.json")).json();
  for (const [path, methods] of Object.entries(root.paths))
    for (const [method, operation] of Object.entries(methods)) calls.append(call(root, path, method, operation));
  document.getElementById("find").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const entry of calls.children) entry.hidden = !entry.firstChild.textContent.toLowerCase().includes(wanted);
  });
};

start();
