"""The only place where the hub is wired together.

run(settings.load())        # serves until SIGTERM or SIGINT
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import os
import platform
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import uvicorn

from watchkeeper.base import log as logging_start
from watchkeeper.base.errors import ConflictError, StorageError
from watchkeeper.base.settings import Settings
from watchkeeper.hub.api.app import build
from watchkeeper.hub.api.front import Application, Front, Receive, Scope, Send
from watchkeeper.hub.api.services import Notice, Services
from watchkeeper.hub.identity.agents import AgentTokens
from watchkeeper.hub.identity.first_start import first_admin, local_token, this_machine
from watchkeeper.hub.identity.listening import Listening, listen
from watchkeeper.hub.identity.people import People
from watchkeeper.hub.ingest.capping import SeriesCaps
from watchkeeper.hub.ingest.endpoint import AgentEndpoint
from watchkeeper.hub.ingest.group import Committing
from watchkeeper.hub.ingest.group_commit import GroupCommitter
from watchkeeper.hub.ingest.hints import Hints
from watchkeeper.hub.ingest.protocol import IngestProtocol
from watchkeeper.hub.ingest.publishing import Publishing
from watchkeeper.hub.live.hosts import LiveHosts
from watchkeeper.hub.live.publish import Live
from watchkeeper.hub.storage.embedded.retention import Retention
from watchkeeper.hub.storage.embedded.store import EmbeddedRecordStore
from watchkeeper.hub.storage.state import StateStore
from watchkeeper.hub.storage.state_hosts import StateHosts
from watchkeeper.hub.storage.state_users import StateUsers

GRACE_SECONDS = 4
SKEW_SECONDS = 60.0


def data_folder(settings: Settings) -> str:
    """`hub.data`, or where this user keeps such things."""
    chosen = settings.text("hub.data")
    if chosen:
        return os.path.abspath(os.path.expanduser(chosen))
    if os.geteuid() == 0:
        return "/var/lib/watchkeeper/hub"
    base = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(base, "watchkeeper", "hub")


def retention(settings: Settings) -> Retention:
    """How long each kind of data is kept."""
    return Retention(
        raw_days=settings.number("hub.retention.raw_days"),
        five_minute_days=settings.number("hub.retention.five_minute_days"),
        hour_days=settings.number("hub.retention.hour_days"),
        event_days=settings.number("hub.retention.event_days"),
        process_days=settings.number("hub.retention.process_days"),
    )


@contextlib.contextmanager
def locked(folder: str) -> Iterator[None]:
    """Make the folder and hold its lock: one hub a folder. The lock ends with the process, however it ends."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        file = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(
            f"{folder}: cannot be used: {error.strerror}", "choose another folder with hub.data"
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # For a person who looks; on a full disk the lock holds without it.
        with contextlib.suppress(OSError):
            os.truncate(file, 0)
            os.write(file, f"{os.getpid()}\n".encode())
        yield
    except BlockingIOError:
        raise ConflictError(f"another hub works in {folder}", "`wk status` tells which; stop it first") from None
    finally:
        os.close(file)


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises WatchkeeperError when the hub cannot start."""
    logging_start.start(settings.text("log.level"))
    folder = data_folder(settings)
    with locked(folder):
        listening = listen(settings)
        hub = Hub(settings, folder, listening)
        try:
            hub.serve()
        finally:
            hub.close()


class Hub:
    """Everything of one hub: stores, live state, ingest, API and server."""

    def __init__(self, settings: Settings, folder: str, listening: Listening) -> None:
        self._settings = settings
        self._folder = folder
        self._listening = listening
        self._state = StateStore(folder)
        self._records = EmbeddedRecordStore(Path(folder), retention=retention(settings))
        self._hosts = StateHosts(self._state.engine)
        self._users = StateUsers(self._state.engine)
        self._counters = dict.fromkeys(
            ("commits", "reports", "samples", "commits_per_second", "reports_per_second", "samples_per_second"), 0.0
        )
        self._started = time.time()
        first_admin(self._users, folder)
        newest = max((host for host, _, _, _ in self._records.last_reports()), default=0)
        this_machine(self._hosts, folder, newest)
        self._live_hosts = LiveHosts(settings.number("hub.offline_after"))
        for host, skew in self._hosts.all():
            self._live_hosts.add(host, skew)
        self._live_hosts.rebuild(self._records)
        self._committer: GroupCommitter | None = None

    def serve(self) -> None:
        """Run the server on this thread."""
        certificate = self._settings.text("hub.tls_cert") or None
        config = uvicorn.Config(
            self._application,
            interface="asgi3",
            loop="uvloop" if sys.platform != "win32" else "auto",
            http=IngestProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ssl_certfile=certificate,
            ssl_keyfile=self._settings.text("hub.tls_key") or None,
        )
        config.load()
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(self._serve(_Server(config, self)))

    async def _serve(self, server: _Server) -> None:
        tokens = AgentTokens(self._hosts.tokens())
        live = Live(self._live_hosts)
        committer = self._committer = self._wire_ingest(live, tokens)
        self._wire_api(live, tokens, committer)
        committer.start()
        live.start()
        _calm_garbage_collection()
        background = [asyncio.create_task(self._count()), asyncio.create_task(self._keep_skews())]
        sys.stderr.write(f"Watchkeeper hub on {self._listening.url}\n")
        try:
            await server.serve([self._listening.socket])
        finally:
            for task in background:
                task.cancel()
            await asyncio.to_thread(committer.close)
            self._services.close()

    def _wire_ingest(self, live: Live, tokens: AgentTokens) -> GroupCommitter:
        limit = int(self._settings.number("hub.limits.series"))
        caps = SeriesCaps(limit, self._records, self._hosts)
        publishing = Publishing(live, self._records)
        committing = Committing(self._records, caps, self._counters)
        committer = GroupCommitter(committing, asyncio.get_running_loop(), publishing)
        hints = Hints(live, self._records, caps, limit)
        self._ingest = IngestProtocol.endpoint = AgentEndpoint(tokens, live, committer, hints)
        return committer

    def _wire_api(self, live: Live, tokens: AgentTokens, committer: GroupCommitter) -> None:
        self._services = Services(
            name=platform.node(),
            folder=self._folder,
            secure=self._listening.secure,
            records=self._records,
            live=live,
            people=People(self._users, local_token(self._folder)),
            agents=tokens,
            hosts=self._hosts,
            counters=self._counters,
            notices=self.notices,
            forget_host=committer.forget_host,
        )
        self._front = Front(
            cast(Application, build(self._services)),
            secure=self._listening.secure,
            local_only=self._listening.local_only,
        )

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"].startswith("/agent/"):
            await self._ingest(scope, receive, send)
        else:
            await self._front(scope, receive, send)

    def stop_pages(self) -> None:
        """End open live pages, so that the server can stop."""
        self._services.live.close()

    def notices(self) -> list[Notice]:
        """What a person should know: stores that were mended at start, and commits that fail now."""
        found = [Notice(item.severity, item.text, item.hint, item.since) for item in self._records.notices()]
        if self._state.notice:
            found.append(Notice("error", self._state.notice, "look at the hosts and tokens", self._started))
        failure = self._committer.failure if self._committer else None
        if failure is not None:
            found.append(Notice("error", f"nothing is being stored: {failure.message}", failure.hint, time.time()))
        return found

    def close(self) -> None:
        self._records.close()
        self._state.close()

    async def _count(self) -> None:
        """Rates over the last ten seconds."""
        names = ("commits", "reports", "samples")
        while True:
            before = [self._counters[name] for name in names]
            await asyncio.sleep(10.0)
            for name, was in zip(names, before, strict=True):
                self._counters[f"{name}_per_second"] = (self._counters[name] - was) / 10.0

    async def _keep_skews(self) -> None:
        """Once a minute, store the clock skews that moved by more than half a second."""
        stored: dict[int, float] = {}
        while True:
            await asyncio.sleep(SKEW_SECONDS)
            moved = [
                (key, live.skew)
                for key, live in self._live_hosts.by_key.items()
                if live.skew is not None and abs(live.skew - stored.get(key, 1e18)) > 0.5
            ]
            if moved:
                await asyncio.to_thread(self._hosts.save_skews, moved)
                stored.update(moved)


def _calm_garbage_collection() -> None:
    """What stands now stays for good; posts make many objects and hardly any cycles, so look for those less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


class _Server(uvicorn.Server):
    """Ends the live pages before it waits for connections to finish, and leaves the rest of the way out to the hub."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT ask for a stop. Uvicorn's own would raise them again before the stores are closed."""
        loop = asyncio.get_running_loop()
        caught = (signal.SIGTERM, signal.SIGINT)
        for number in caught:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in caught:
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.stop_pages()
        await super().shutdown(sockets)
