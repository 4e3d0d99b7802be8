"""The hub about itself."""

from __future__ import annotations

from typing import Any

from litestar import get

from watchkeeper import __version__
from watchkeeper.hub.api.access import PUBLIC, Here, Seen

STORAGE = ("bytes", "journal_bytes", "chunks_bytes", "rollups_bytes", "oldest")


@get("/hub", summary="The hub's version, sizes, rates and notices")
async def show_hub(services: Here, seen: Seen) -> dict[str, Any]:
    stats = await services.ask(services.records.stats)
    counters = services.counters
    return {
        "version": __version__,
        "started": services.started,
        "incarnation": services.records.incarnation,
        "hosts": len(seen.hosts(services.live.hosts)),
        "series": stats.get("series"),
        "storage": {name: stats.get(name) for name in STORAGE} | {"oldest": stats.get("oldest") or None},
        "ingest": {
            "reports_per_second": counters["reports_per_second"],
            "samples_per_second": counters["samples_per_second"],
            "commits_per_second": counters["commits_per_second"],
        },
        "compaction": {
            "last": stats.get("compaction_last"),
            "seconds": stats.get("compaction_seconds"),
            "behind": stats.get("compaction_behind"),
        },
        "notices": services.notices(),
    }


@get("/health", opt={PUBLIC: True}, summary="Is the hub there?")
async def show_health() -> dict[str, str]:
    return {"status": "ok"}


ROUTES = [show_hub, show_health]
