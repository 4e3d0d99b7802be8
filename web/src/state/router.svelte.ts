/** Where the reader is. The address is the one source of truth; pages read it and write it here. */

const HOST = /^\/hosts\/([^/]+)\/?$/;

export type Place = { page: "fleet" } | { page: "host"; id: string } | { page: "hub" } | { page: "unknown" };

class Router {
  path = $state(location.pathname);
  query = $state.raw(new URLSearchParams(location.search));

  readonly place: Place = $derived.by(() => {
    if (this.path === "/") return { page: "fleet" };
    if (this.path === "/hub") return { page: "hub" };
    const id = HOST.exec(this.path)?.[1];
    return id ? { page: "host", id: decodeURIComponent(id) } : { page: "unknown" };
  });

  constructor() {
    addEventListener("popstate", () => this.#read());
    addEventListener("click", (event) => this.#follow(event));
  }

  #read() {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  }

  /** Goes to another page, or to another view of this one; `replace` leaves no step to go back to. */
  go(path: string, query: URLSearchParams = new URLSearchParams(), options: { replace?: boolean; mark?: string } = {}) {
    const text = query.toString();
    const turned = path !== this.path;
    const address = text ? `${path}?${text}` : path;
    if (address === location.pathname + location.search) return;
    history[options.replace ? "replaceState" : "pushState"]({ mark: options.mark }, "", address);
    this.#read();
    if (turned) scrollTo(0, 0);
  }

  /** The same page with other words in the query. */
  set(changes: Record<string, string | null>, options: { replace?: boolean } = {}) {
    const query = new URLSearchParams(this.query);
    for (const [key, value] of Object.entries(changes)) {
      if (value === null || value === "") query.delete(key);
      else query.set(key, value);
    }
    this.go(this.path, query, options);
  }

  /** What `go` was told about the step that led here. */
  get mark(): string | undefined {
    return (history.state as { mark?: string } | null)?.mark;
  }

  #follow(event: MouseEvent) {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.("a");
    if (!link || link.target || link.origin !== location.origin || link.pathname.startsWith("/api/")) return;
    if (link.hasAttribute("download") || link.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    this.go(link.pathname, new URLSearchParams(link.search));
  }
}

export const router = new Router();

export const hostPath = (id: string) => `/hosts/${encodeURIComponent(id)}`;
