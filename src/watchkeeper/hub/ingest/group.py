"""One group of posts: accepted, appended in one transaction, and answered."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from watchkeeper.base.errors import StorageError, WatchkeeperError
from watchkeeper.hub.ingest.accept import accept
from watchkeeper.hub.ingest.capping import SeriesCaps, event_state
from watchkeeper.hub.ingest.jobs import Committed, Job, Reply
from watchkeeper.hub.ingest.receipts import receipt, receipts
from watchkeeper.hub.ingest.streams import StreamStates
from watchkeeper.hub.model.records import Batch, StoredGap
from watchkeeper.hub.storage.interfaces import RecordStore
from watchkeeper.wire.records import REPORT_HEADER

log = logging.getLogger(__name__)
Answer = tuple[Reply, bytes | WatchkeeperError]
_report = REPORT_HEADER.unpack_from


class Committing:
    """Turns groups of jobs into commits. `failure` is the last storage error, None when the last commit worked."""

    def __init__(self, records: RecordStore, caps: SeriesCaps, counters: dict[str, float]) -> None:
        self._records = records
        self._caps = caps
        self._counters = counters
        self._states = StreamStates(records)
        self._schemas: set[tuple[int, int]] = set()
        self.failure: StorageError | None = None

    def commit(self, group: Iterable[Job]) -> tuple[list[Answer], Committed | None]:
        """Answers for all jobs, and what was committed, None when it failed."""
        answers: list[Answer] = []
        accepted: list[Job] = []
        questions: list[Job] = []
        events: list[Batch] = []
        touched: dict[bytes, None] = {}
        for job in group:
            if job.post is None:
                questions.append(job)
                continue
            try:
                events += self._accept(job, touched)
                accepted.append(job)
            except WatchkeeperError as error:
                answers.append((job.reply, error))
        verdicts = [job.verdict for job in accepted if job.verdict is not None]
        batches = [batch for verdict in verdicts for batch in verdict.batches]
        gaps = [gap for verdict in verdicts for gap in verdict.gaps]
        failed = self._append(batches + events, touched, gaps) if touched else None
        if failed is not None:
            return answers + [(job.reply, failed) for job in [*accepted, *questions]], None
        incarnation = self._records.incarnation
        answers += [(job.reply, receipt(incarnation, job, self._wanted(job))) for job in accepted]
        answers += [(job.reply, receipts(incarnation, job, self._states)) for job in questions]
        return answers, Committed(verdicts, events)

    def forget_host(self, host: int) -> None:
        self._states.drop_host(host)
        self._schemas = {known for known in self._schemas if known[0] != host}

    def _accept(self, job: Job, touched: dict[bytes, None]) -> list[Batch]:
        """Fill in the job's verdict; gives events of the hub's own."""
        assert job.post is not None
        verdict = job.verdict = accept(job.post, job.host, job.received, self._states)
        for stream in verdict.touched:
            touched[stream] = None
        events: list[Batch] = []
        if verdict.schemas or self._caps:
            for event in self._caps.apply(job.host, verdict.batches, verdict.schemas):
                self._states.put(event.stream, event_state(job.host))
                touched[event.stream] = None
                events.append(event)
        return events

    def _append(self, batches: list[Batch], touched: Iterable[bytes], gaps: list[StoredGap]) -> StorageError | None:
        states = [(stream, state) for stream in touched if (state := self._states.get(stream)) is not None]
        try:
            self._records.append(batches, states, gaps)
        except StorageError as failure:
            self._failed(failure, touched)
            return failure
        # Whatever else goes wrong in a commit, those who wait must hear of it and the thread must live on.
        except Exception as bug:
            log.exception("a commit failed")
            unexpected = StorageError(f"a commit failed: {bug!r}", "the hub's log tells more")
            self._failed(unexpected, touched)
            return unexpected
        if self.failure is not None:
            log.info("records are being stored again")
            self.failure = None
        self._states.shrink()
        self._count(batches)
        return None

    def _failed(self, failure: StorageError, touched: Iterable[bytes]) -> None:
        for stream in touched:
            self._states.drop(stream)
        if self.failure is None or self.failure.message != failure.message:
            log.error("nothing is being stored: %s", failure)
        self.failure = failure

    def _count(self, batches: list[Batch]) -> None:
        reports = [report for batch in batches for _, report in batch.reports]
        self._counters["commits"] += 1
        self._counters["reports"] += len(reports)
        self._counters["samples"] += (sum(map(len, reports)) - REPORT_HEADER.size * len(reports)) >> 3

    def _wanted(self, job: Job) -> list[int]:
        """Numbers of schemas that reports in the post need and the store has not got."""
        assert job.verdict is not None
        wanted: list[int] = []
        last = -1
        for batch in job.verdict.batches:
            for _, report in batch.reports:
                number = _report(report)[2] if len(report) >= REPORT_HEADER.size else last
                if number != last and (job.host, number) not in self._schemas:
                    if self._records.schema(job.host, number) is not None:
                        self._schemas.add((job.host, number))
                    elif number not in wanted:
                        wanted.append(number)
                last = number
        return wanted
