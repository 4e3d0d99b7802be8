"""Everything that is not an agent's post: pages, the API, and the headers that keep browsers careful."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

STATIC = Path(__file__).parent.parent / "static"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_CAREFUL = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")
_NOT_BUILT = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Watchkeeper</title>
<h1>The pages are not built yet</h1>
<p>The hub runs. Build its pages with <code>make web</code> in the checkout and load this page again.</p>
<p>The API works without them: <a href="/api/docs">try it here</a>.</p></html>"""


class Front:
    """Checks the Host header, adds headers, and sends a request to the API or to a page."""

    def __init__(self, api: Application, *, secure: bool, local_only: bool, static: Path = STATIC) -> None:
        self._api = api
        self._headers = [*_CAREFUL, _STRICT_TRANSPORT] if secure else _CAREFUL
        self._local_only = local_only
        self._static = static

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._local_only and not _is_local(scope):
            await _answer(send, 403, b"application/problem+json", _strange_host(scope))
            return

        async def careful(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self._headers]
            await send(message)

        path = scope["path"]
        if path.startswith("/api/") or path == "/health":
            await self._api(scope, receive, careful)
        else:
            await self._page(scope, careful)

    async def _page(self, scope: Scope, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, b"text/plain", b"pages are read with GET\n", [(b"allow", b"GET, HEAD")])
            return
        path = scope["path"].lstrip("/")
        file = self._find(path)
        if file is None and ("." in path.rsplit("/", 1)[-1] or path.startswith("assets/")):
            await _answer(send, 404, b"text/plain", b"there is no such file\n")
            return
        # Addresses within the application are all answered by the one page, which reads the address.
        file = file or self._find("index.html")
        if file is None:
            await _answer(send, 503, b"text/html; charset=utf-8", _NOT_BUILT)
            return
        await self._file(scope, send, file, lasting="assets/" in path)

    def _find(self, path: str) -> Path | None:
        """The file under the static folder, None when there is none or the path leads elsewhere."""
        if not path or "\0" in path:
            return None
        file = (self._static / path).resolve()
        return file if file.is_relative_to(self._static.resolve()) and file.is_file() else None

    async def _file(self, scope: Scope, send: Send, file: Path, *, lasting: bool) -> None:
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        if kind.startswith("text/") or kind.endswith(("javascript", "json", "manifest+json")):
            kind += "; charset=utf-8"
        packed = file.with_name(file.name + ".gz")
        headers = [
            (b"cache-control", b"public, max-age=31536000, immutable" if lasting else b"no-cache"),
            (b"vary", b"accept-encoding"),
        ]
        if packed.is_file() and any(
            name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"]
        ):
            file = packed
            headers.append((b"content-encoding", b"gzip"))
        body = file.read_bytes()
        await _answer(send, 200, kind.encode(), b"" if scope["method"] == "HEAD" else body, headers, len(body))


def _is_local(scope: Scope) -> bool:
    """Does the Host header name this machine? A foreign name that leads here is a DNS rebinding attack."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").lower()
    name = host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]
    return name in ("localhost", "127.0.0.1", "[::1]") or name.endswith(".localhost") or _in_127(name)


def _in_127(name: str) -> bool:
    parts = name.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(part.isdigit() for part in parts)


def _strange_host(scope: Scope) -> bytes:
    title = "the address names another machine than this one"
    hint = "open http://127.0.0.1 or http://localhost with the hub's port"
    problem = {"type": "forbidden", "title": title, "status": 403, "detail": title, "hint": hint, "retryable": False}
    return json.dumps(problem).encode()


async def _answer(
    send: Send,
    status: int,
    kind: bytes,
    body: bytes,
    headers: list[tuple[bytes, bytes]] | None = None,
    length: int | None = None,
) -> None:
    size = len(body) if length is None else length
    lines = [(b"content-type", kind), (b"content-length", b"%d" % size), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
