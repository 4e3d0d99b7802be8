"""What the handlers of the API work with; app.py puts it together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

import msgspec

from watchkeeper.hub.identity.agents import AgentTokens
from watchkeeper.hub.identity.limits import SignInLimit
from watchkeeper.hub.identity.people import People
from watchkeeper.hub.live.publish import Live
from watchkeeper.hub.storage.interfaces import RecordStore
from watchkeeper.hub.storage.state_hosts import StateHosts

P = ParamSpec("P")
T = TypeVar("T")


class Notice(msgspec.Struct):
    """Something about the hub that a person should know; `since` is Unix time."""

    severity: str
    text: str
    hint: str
    since: float


class Services:
    """The parts of a running hub that the API reaches."""

    def __init__(
        self,
        *,
        name: str,
        folder: str,
        secure: bool,
        records: RecordStore,
        live: Live,
        people: People,
        agents: AgentTokens,
        hosts: StateHosts,
        counters: dict[str, float],
        notices: Callable[[], list[Notice]],
        forget_host: Callable[[int], Future[None]],
    ) -> None:
        self.name = name
        self.folder = folder
        self.secure = secure
        self.records = records
        self.live = live
        self.people = people
        self.agents = agents
        self.hosts = hosts
        self.counters = counters
        self.notices = notices
        self.forget_host = forget_host
        self.sign_in_limit = SignInLimit()
        self.started = time.time()
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="query")

    async def ask(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking call of a store in a thread."""
        bound: Callable[[], Any] = partial(call, *args, **kwargs)
        answer: T = await asyncio.get_running_loop().run_in_executor(self._pool, bound)
        return answer

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
