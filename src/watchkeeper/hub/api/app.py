"""The API as a Litestar application."""

from __future__ import annotations

from litestar import Litestar, Router, get
from litestar.config.compression import CompressionConfig
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import HTTPRoute

from watchkeeper import __version__
from watchkeeper.hub.api import docs, hosts, hub, live, problems, queries, session, tokens
from watchkeeper.hub.api.access import (
    PUBLIC,
    known_parameters,
    provide_caller,
    provide_seen,
    provide_services,
    signed_in,
)
from watchkeeper.hub.api.services import Services


@get("/health", opt={PUBLIC: True}, include_in_schema=False)
async def health() -> dict[str, str]:
    return {"status": "ok"}


ROUTES: list[HTTPRouteHandler] = [
    route for resource in (session, tokens, hosts, queries, live, hub) for route in resource.ROUTES
]


def build(services: Services) -> Litestar:
    """The API of a running hub."""
    app = application()
    app.state.services = services
    app.state.parameters = _parameters(app)
    return app


def application() -> Litestar:
    """All routes; each needs a signed-in caller unless it is marked public."""
    return Litestar(
        [Router("/api/v1", route_handlers=ROUTES), *docs.ROUTES, health],
        guards=[signed_in],
        before_request=known_parameters,
        dependencies={
            "services": Provide(provide_services, sync_to_thread=False),
            "caller": Provide(provide_caller, sync_to_thread=False),
            "seen": Provide(provide_seen, sync_to_thread=False),
        },
        exception_handlers=problems.HANDLERS,
        openapi_config=OpenAPIConfig(
            title="Watchkeeper",
            version=__version__,
            path="/api",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        compression_config=CompressionConfig(
            backend="gzip", minimum_size=4096, gzip_compress_level=2, exclude=["/api/v1/live"]
        ),
        logging_config=None,
        request_max_body_size=1 << 20,
    )


def _parameters(app: Litestar) -> dict[HTTPRouteHandler, set[str]]:
    """The query parameters that each call takes."""
    return {
        handler: {parameter.field_alias for parameter in model.expected_query_params}
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler, model in route.route_handler_map.values()
    }
