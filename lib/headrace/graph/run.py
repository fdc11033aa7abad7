"""Run a graph: jobs in parallel threads inside one Spark application, each committed and written down as it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from py4j.protocol import Py4JError
from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from headrace.graph.again import again
from headrace.graph.events import Events
from headrace.graph.failures import cause_of, mended, note_of, translate
from headrace.graph.forecast import seconds_ahead
from headrace.graph.history import made_without
from headrace.graph.job import Asset, At, Inputs, Job, Once, Receipt, Refusal, Sink, asset_key, fallback_of
from headrace.graph.ledger import Entry, Ledger
from headrace.graph.lint import upstream
from headrace.graph.order import precedence, ranked, startable
from headrace.graph.plan import Step, due, not_ready, steps, survey
from headrace.graph.project import Project
from headrace.graph.proof import identity
from headrace.graph.publish import publish
from headrace.graph.result import JobResult, by_output, total
from headrace.graph.rows import rows_read
from headrace.graph.sessions import JobSessions
from headrace.graph.stamps import carries_on
from headrace.graph.view import View
from headrace.graph.waiting import idle
from headrace.ground.asset import Pinning
from headrace.ground.errors import DONE, FAILED, NOT_READY, REFUSED, HeadraceError, worst
from headrace.ground.session import is_classic, slots

Sinks = Mapping[type, Sink]
FROM_SPARK = (HeadraceError, PySparkException, Py4JError)
"""What Spark raises: its own, and as Py4J's what pyspark has no name for (a failed write, memory that ran out)."""
TICK = 1.0
"""Seconds after which a run looks up from waiting."""
_STATUS = {"refused": REFUSED, "failed": FAILED, "not ready": NOT_READY}


@dataclass
class Run:
    """One run of (a part of) a graph: what it works with, and what has become of each job so far."""

    project: Project
    jobs: tuple[Job, ...]
    look: Callable[[], View]
    ledger: Ledger
    spark: SparkSession
    sinks: Callable[[SparkSession], Sinks]
    run_id: str
    events: Events = field(default_factory=Events)
    results: dict[str, JobResult] = field(default_factory=dict)
    over: Callable[[Job], HeadraceError | None] = lambda job: None
    """Says each second of a running job whether it must end, and as what."""
    _ledger_lock: threading.Lock = field(default_factory=threading.Lock)
    _under_way: dict[str, tuple[Step, float]] = field(default_factory=dict)
    """The step that each job is at, or ended in, and when it began."""
    _since: dict[str, float] = field(default_factory=dict)
    _over: dict[str, HeadraceError] = field(default_factory=dict)
    """Jobs that are over their time, or over what ``over`` allows: cancelled, and not tried again."""

    @cached_property
    def _sessions(self) -> JobSessions:
        return JobSessions(self.spark)

    @cached_property
    def cores(self) -> int:
        """How many tasks run at once."""
        return slots(self.spark)

    def go(self) -> int:
        """Run every job whose inputs are there, in parallel; returns the exit status of the whole."""
        self._go()
        return worst(_STATUS.get(result.state, DONE) for result in self.results.values())

    def _go(self) -> None:
        order = TopologicalSorter(self._parents())
        order.prepare()
        by_name = {job.name: job for job in self.jobs}
        weight = precedence(self.jobs, self._seconds_ahead())
        most = self.project.config.engine.parallel_jobs
        waiting: list[str] = []
        running: dict[Future[JobResult], Job] = {}
        pool = ThreadPoolExecutor(most, thread_name_prefix="job")
        with pool as threads, self._sessions.cancelled_by_interrupt():
            while order.is_active():
                waiting = ranked([*waiting, *order.get_ready()], weight)
                for name in startable([by_name[name] for name in waiting], list(running.values()), most):
                    waiting.remove(name)
                    running[threads.submit(self._job, by_name[name])] = by_name[name]
                finished, _ = wait(running, TICK, return_when=FIRST_COMPLETED)
                self._cancel_over(running.values())
                self.events.passed()
                for future in finished:
                    job = running.pop(future)
                    self._settle(job, future)
                    order.done(job.name)

    def _cancel_over(self, running: Iterable[Job]) -> None:
        """Cancel what takes too much, each time that we look: a job that is cancelled may have begun something else."""
        for job in running:
            error = self._over.get(job.name) or self._overtime(job) or self.over(job)
            if error is not None:
                self._over[job.name] = error
                self._sessions.cancel(job.name)

    def _overtime(self, job: Job) -> HeadraceError | None:
        limit, began = job.timeout or self.project.config.engine.timeout, self._since.get(job.name)
        if limit is None or began is None or time.monotonic() - began <= limit.total_seconds():
            return None
        return HeadraceError("JOB_TIMEOUT", job=job.name, limit=limit)

    def _seconds_ahead(self) -> Mapping[str, float]:
        seen = self.look()
        found = survey(self.jobs, seen, self.project.config.engine.most_intervals)
        self.events.planned(found, seen)
        return seconds_ahead(self.jobs, found, seen)

    def _parents(self) -> dict[str, set[str]]:
        names = {job.name for job in self.jobs}
        return {name: parents & names for name, parents in upstream(self.look().graph).items() if name in names}

    def _settle(self, job: Job, future: Future[JobResult]) -> None:
        error = future.exception()
        result = future.result() if error is None else self._failed(job, error)
        if result.state == "failed":
            self._write_failure(job, result)
        self.results[job.name] = result
        self.events.finished(result)

    def _failed(self, job: Job, error: BaseException) -> JobResult:
        _, began = self._under_way.get(job.name, (None, time.monotonic()))
        error = self._over.get(job.name) or mended(error)
        return JobResult(job.name, "failed", time.monotonic() - began, note=note_of(error), error=error)

    def _job(self, job: Job) -> JobResult:
        self._since[job.name] = time.monotonic()
        blocked = self._blocked(job)
        if blocked is not None:
            return JobResult(job.name, "skipped", note=blocked)
        dues, missing = due(job, self.look())
        if missing:
            return JobResult(job.name, "not ready", note=not_ready(job.name, missing[0]), intervals=len(dues))
        if not dues:
            return idle(job, self.look())
        fallback = fallback_of(job, is_classic(self.spark))
        if fallback:
            self.events.warned(job.name, f"{job.name} needs classic Spark, and this is {fallback}")
        with self._sessions.of_job(job.name) as session:
            sinks = self.sinks(session)
            cut = steps(job, dues, self.project.config.engine.most_intervals)
            results = [result for step in cut for result in self._step(step, session, sinks, fallback)]
        return total(job.name, results)

    def _blocked(self, job: Job) -> str | None:
        """Why the job cannot go on: something upstream failed, or was refused and has no earlier output."""
        for name in sorted(self._parents()[job.name]):
            state = self.results[name].state
            if state in ("failed", "skipped", "not ready") or self.results[name].withheld:
                return f"{name} {state}"
            if state == "refused" and not self._has_earlier_output(name, job):
                return f"{name} refused, and there is no earlier output"
        return None

    def _has_earlier_output(self, maker: str, reader: Job) -> bool:
        made, sinks = next(job.outputs for job in self.jobs if job.name == maker), self.sinks(self.spark)
        return all(sinks[type(asset)].exists(asset) for asset in reader.inputs.values() if asset in made)

    def _step(
        self, step: Step, session: SparkSession, sinks: Sinks, fallback: str, attempt: int = 1
    ) -> tuple[JobResult, ...]:
        """Do adjacent intervals as one, and write that down. After an error, again as its class says: so far, then no more."""
        self.events.started(step)
        began = time.monotonic()
        self._under_way[step.job.name] = (step, began)
        try:
            return (self._done(step, session, sinks, fallback, began),)
        except FROM_SPARK as error:
            meant = translate(error, self.project)
            way = again(step, meant, attempt, self.project.config.engine.attempts, f"{self.run_id} {step.job.name}")
            if way is None or step.job.name in self._over:
                raise meant from error
            self.events.retried(step.job.name, meant)
            if not self._sessions.pause(way.after):
                raise meant from error
        results = (self._step(part, session, sinks, fallback, way.attempt) for part in way.parts)
        return tuple(result for part in results for result in part)

    def _done(self, step: Step, session: SparkSession, sinks: Sinks, fallback: str, began: float) -> JobResult:
        """One try at a step: read, run, commit, write down."""
        name, count = step.job.name, len(step.dues)
        read = rows_read(step.job, step.interval, self.look())
        rows_in = None if read is None else read.count
        outcome = self._commit(step, session, sinks)
        now, seconds = datetime.now(UTC), time.monotonic() - began
        entry = Entry(now, self.run_id, name, step.interval, "done", "", seconds, rows_in)
        if isinstance(outcome, Refusal):
            refused = replace(entry, state="refused", note=outcome.reason)
            self._write_down(step, refused, settled=outcome.withheld is None)
            return JobResult(name, "refused", seconds, rows_in, 0, count, outcome.reason, outcome.withheld)
        why = f"{fallback}; {step.why}" if fallback else step.why
        rows = sum(receipt.rows or 0 for receipt in outcome.values())
        outputs = {output: receipt.version for output, receipt in outcome.items()}
        self._write_down(step, replace(entry, rows_out=rows, outputs=outputs, note=why))
        return JobResult(name, "done", seconds, rows_in, rows, count, why)

    def _commit(self, step: Step, session: SparkSession, sinks: Sinks) -> Refusal | dict[str, Receipt]:
        held: list[DataFrame] = []

        def hold(frame: DataFrame) -> DataFrame:
            held.append(frame.persist(StorageLevel.DISK_ONLY))
            return held[-1]

        def before(asset: Asset) -> Any:
            return sinks[type(asset)].read(asset, at) if sinks[type(asset)].exists(asset) else None

        def warn(text: str) -> None:
            self.events.warned(job.name, text)

        job = step.job
        at = At(
            step.interval,
            self.run_id,
            datetime.now(UTC),
            self.project.config.seed,
            spark=session,
            cores=self.cores,
            hold=hold,
            warn=warn,
            before=before,
            carries_on=carries_on(job, step.interval, self.look()),
            made_without=made_without(job, step.interval, self.look()),
        )
        inputs = Inputs(lambda name: sinks[type(job.inputs[name])].read(job.inputs[name], at))
        try:
            value = job.run(inputs, at, self.project)
            if job.name in self._over:  # what no cancelling reaches, such as Python of its own
                raise self._over[job.name]
            if isinstance(value, Refusal):
                return value
            holding = self.look().holding
            parts = {asset: part for asset, part in by_output(job, value) if holding.of_output(asset) is None}
            return publish(job.name, parts, at, self._identity(step, tuple(parts), sinks), sinks)
        finally:
            for frame in held:
                frame.unpersist()

    def _identity(self, step: Step, outputs: tuple[Asset, ...], sinks: Sinks) -> dict[str, str]:
        read = {name: self._version(asset, step, sinks) for name, asset in sorted(step.job.inputs.items())}
        self.events.read(step, read)
        return identity(step, read, outputs)

    def _version(self, asset: Asset, step: Step, sinks: Sinks) -> str:
        sink = sinks[type(asset)]
        if isinstance(sink, Pinning):
            return sink.pinned_version(asset)
        outside = self.look().observe(asset, step.interval)
        if outside is not None:
            return outside
        key = asset_key(asset)
        entries = (entry for entry in reversed(self.ledger.entries) if key in entry.outputs)
        return next((entry.outputs[key] for entry in entries), "outside")

    def _write_down(self, step: Step, entry: Entry, settled: bool = True) -> None:
        entries = step.entries(entry, settled)
        with self._ledger_lock:
            self.ledger.append(entries)
        self.events.recorded(step, entries)

    def _write_failure(self, job: Job, result: JobResult) -> None:
        asked = job.every.span if isinstance(job.every, Once) else self.look().asked
        interval = self._under_way[job.name][0].interval if job.name in self._under_way else asked
        now, note = datetime.now(UTC), result.note[:2000]
        entry = Entry(now, self.run_id, job.name, interval, "failed", "", result.seconds, note=note)
        try:
            with self._ledger_lock:
                self.ledger.append([entry])
        except FROM_SPARK as error:  # the ledger is a table too: without room it is as full as the others
            meant = translate(error)
            if isinstance(meant, HeadraceError) and meant.code == "SPARK_GONE":  # nothing can be run any more
                raise HeadraceError("SPARK_GONE", cause=f"{job.name} was running; {cause_of(error)}") from result.error
            if isinstance(meant, HeadraceError) and meant.code == "LEASE_LOST":  # nothing may be written any more
                raise meant from result.error
            self.events.warned(job.name, f"the ledger does not have this failure: {note_of(meant).splitlines()[0]}")
