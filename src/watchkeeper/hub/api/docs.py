"""The page to try the API: our own, so that it works without the internet and under a strict policy."""

from __future__ import annotations

from pathlib import Path

from litestar import Response, get

from watchkeeper.hub.api.access import PUBLIC

_FOLDER = Path(__file__).parent / "page"


def _file(name: str, media_type: str) -> Response[bytes]:
    return Response((_FOLDER / name).read_bytes(), media_type=media_type, headers={"Cache-Control": "no-cache"})


@get("/api/docs", opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=False)
def page() -> Response[bytes]:
    return _file("docs.html", "text/html; charset=utf-8")


@get("/api/docs/script.js", opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=False)
def script() -> Response[bytes]:
    return _file("docs.js", "text/javascript; charset=utf-8")


@get("/api/docs/style.css", opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=False)
def style() -> Response[bytes]:
    return _file("docs.css", "text/css; charset=utf-8")


ROUTES = [page, script, style]
