"""Put the parts together: session, store, sinks and ledger of one environment."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from pyspark.sql import SparkSession

from headrace.cli.difference import hash_key
from headrace.cli.eventlog import Told, unlogged
from headrace.cli.modules import own_modules
from headrace.cli.needs import needs_of
from headrace.cli.warehouse import store_of
from headrace.graph.holds import Holding
from headrace.graph.job import Asset
from headrace.graph.ledger import LEDGER, Ledger
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.graph.run import Sinks
from headrace.graph.view import View, view
from headrace.ground.interval import Interval, parse_instant
from headrace.ground.places import is_server, local_path
from headrace.ground.remote import check_remote
from headrace.ground.secret import reveal
from headrace.ground.session import is_ours, open_session, send_by_value, told_master
from headrace.ground.telling import hush
from headrace.monitoring.page import Page, PageSink
from headrace.release.decisions import DECISIONS, read_decisions
from headrace.release.registry import Champion, ChampionSink
from headrace.release.verdict import Verdicts, VerdictSink
from headrace.serving.online import OnlineSink, OnlineValues
from headrace.tables.accepted import PublishedSink, accepted
from headrace.tables.lake import Lake, LakeSink
from headrace.tables.landing import LandingSink, LandingZone, day_identity
from headrace.tables.layout import Laid, Upkeep
from headrace.tables.log import TableLog, log_of
from headrace.tables.published import PublishedTable, snapshots_in
from headrace.tables.source import SourceTable
from headrace.tables.spec import Table
from headrace.tables.store import Store, check_delta
from headrace.tables.tended import Needs, UpkeepSink
from headrace.tables.torn import check_whole
from headrace.training.dataset import TrainingTable
from headrace.training.sets import TrainingSetSink
from headrace.training.tracking import Candidate, CandidateSink


@dataclass(frozen=True)
class Assembly:
    """One environment at work."""

    project: Project
    graph: Graph
    spark: SparkSession
    holding: Holding = field(default_factory=Holding)
    """What rollbacks hold (``cli.held``)."""
    guard: Callable[[], None] = lambda: None
    """Raises where nothing may be written any more (``tables.lease``)."""

    @cached_property
    def store(self) -> Store:
        """The tables."""
        return store_of(self.project, self.spark, self.guard)

    @cached_property
    def ledger(self) -> Ledger:
        """What was done so far."""
        return Ledger(self.store)

    @cached_property
    def champions(self) -> ChampionSink:
        """Champions, and the way back to their predecessors."""
        return ChampionSink(self.tracking_uri, self.store)

    @cached_property
    def tracking_uri(self) -> str:
        """MLflow's store, with what a reference in it stands for."""
        told = self.project.config.tracking.uri
        if told is not None:
            return reveal(told, "tracking.uri")
        folder = self.project.home / "mlflow"
        folder.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{folder / 'mlflow.db'}"

    @property
    def artifacts(self) -> str | None:
        """Where MLflow's files go; None where its server takes them."""
        told, folder = self.project.config.tracking.artifacts, self.project.home / "mlflow" / "artifacts"
        if told is not None:
            folder_told = local_path(self.project.root, told)
            return told if folder_told is None else folder_told.absolute().as_uri()
        return None if is_server(self.tracking_uri) else folder.absolute().as_uri()

    def jobs(self, names: Collection[str]) -> Graph:
        """The jobs of these names, in order."""
        return tuple(job for job in self.graph if job.name in names)

    def sinks(self, session: SparkSession) -> Sinks:
        """Where each kind of asset is kept, through one session."""
        store = self.store.through(session)
        return {
            Table: store,
            TrainingTable: TrainingSetSink(store, self.project, self.graph),
            LandingZone: LandingSink(),
            SourceTable: LakeSink(self.lake, session),
            PublishedTable: PublishedSink(self.lake, session),
            Candidate: self.candidates,
            Champion: self.champions,
            Verdicts: VerdictSink(self.store),
            Page: self.pages,
            Laid: (upkeep := UpkeepSink(store, self.log, self.needs)),
            Upkeep: upkeep,
            OnlineValues: OnlineSink(self.project, lambda: hash_key(self.project)),
        }

    @cached_property
    def lake(self) -> Lake:
        """Tables of others, each at the version at which this command first looked at it."""
        return Lake(self.spark, self.project.home / "sources")

    def log(self, table: str) -> TableLog:
        """The log of one of the tables."""
        return log_of(self.project.root_of(table), table)

    @cached_property
    def needs(self) -> Needs:
        """What goes back to earlier versions of tables, as it is when it is first asked."""
        return needs_of(self.project, self.graph, read_decisions(self.store), self.log, datetime.now(UTC))

    @cached_property
    def pages(self) -> PageSink:
        """Reports."""
        return PageSink(self.project.home / "reports")

    @cached_property
    def candidates(self) -> CandidateSink:
        """Candidates in MLflow."""
        return CandidateSink(self.tracking_uri, self.artifacts)

    def pin_sources(self, chosen: Graph) -> None:
        """Look at every table in place that the jobs read, so that one that cannot be read stops all before it starts."""
        for asset in (asset for job in chosen for asset in job.inputs.values()):
            if isinstance(asset, SourceTable):
                self.lake.pin(asset)
            if isinstance(asset, PublishedTable):
                accepted(self.lake.load(self.spark, asset), asset)

    def keep_versions(self) -> None:
        """Bring the tables that are there up to the configuration's retention, so that VACUUM breaks no promise.

        Raises:
            HeadraceError: TABLE_LOG_TORN, before any of them is read or written.
        """
        outputs = (output for job in self.graph for output in job.outputs)
        tables = [LEDGER, DECISIONS, *(output for output in outputs if isinstance(output, Table))]
        for table in tables:
            check_whole(self.project.root_of(table.name), table.name)
        self.store.settle(tables)

    def look(self, asked: Interval, forced: tuple[str, ...] = ()) -> View:
        """What planning sees now."""
        held, start = self.holding.after(self.ledger.entries), self.project.span.start
        return view(self.graph, self.ledger, self._observe, asked, start, forced, self._reach, held, self._versions())

    def _versions(self) -> Callable[[Asset], str | None]:
        """What ``_version`` says, each table looked at once."""
        known: dict[str, str | None] = {}

        def version(asset: Asset) -> str | None:
            if asset.name not in known:
                known[asset.name] = self._version(asset)
            return known[asset.name]

        return version

    def _version(self, asset: Asset) -> str | None:
        """The version at which a table stands, by its log; no Spark is asked, so None where that lies elsewhere."""
        match asset:
            case SourceTable():
                return self.lake.pin(asset).version.partition(":")[0] if asset.missing() is None else "none"
            case Table():
                return self.log(asset.name).version
            case _:
                return None

    def _observe(self, asset: Asset, interval: Interval) -> str | None:
        """The identity of what changes without a job: what lies in landing folders and tables of others, who is champion.

        A rollback is no job, so the release's stamp does not tell which version serves; the decision ledger does.
        """
        match asset:
            case LandingZone():
                return day_identity(asset, interval)
            case PublishedTable():
                return self.lake.identity(asset, snapshots_in(interval))
            case SourceTable():
                return self.lake.identity(asset, interval)
            case Champion():
                history = self.champions.champion_history(asset.model)
                return f"version {history[-1].version}" if history else "no version"
            case _:
                return None

    def _reach(self, asset: Asset, interval: Interval) -> str | None:
        if not isinstance(asset, PublishedTable):
            return None
        reach = self.lake.reach(asset)
        return None if reach is not None and reach >= interval.end.date() else str(reach or "nowhere")


def assemble(
    project: Project, graph: Graph, told: Told = unlogged, guard: Callable[[], None] = lambda: None
) -> Assembly:
    """Open the session and everything on it. ``told`` gives what Spark is told of the configuration's settings;
    ``guard`` is called before each write.

    Raises:
        HeadraceError: what ``check_master`` refuses, SESSION_WITHOUT_DELTA.
    """
    check_master(project, ())
    hush()
    asked = project.config.spark
    spark = open_session(f"headrace {project.name}", asked.master, told(asked.settings))
    if not is_ours(spark):
        check_delta(spark)
    send_by_value(own_modules(project.root))
    return Assembly(project, graph, spark, guard=guard)


def check_master(project: Project, jobs: Graph, master: str | None = None) -> None:
    """Refuse, before anything is started, what the jobs need and executors elsewhere could not see.

    ``master``: what applications will be told that are not started yet.

    Raises:
        HeadraceError: see ``check_remote``.
    """
    assets = [asset for job in jobs for asset in (*job.inputs.values(), *job.outputs)]
    used = {type(asset) for asset in assets}
    tables = (asset for asset in assets if isinstance(asset, SourceTable))
    told = master or told_master()
    check_remote(
        project.config,
        project.root,
        told or project.config.spark.master,
        told=told is not None,
        lands=LandingZone in used,
        tracked=not used.isdisjoint((Candidate, Champion)),
        in_place=[table.source for table in tables if table.folder is not None],
    )


def asked_interval(project: Project, start: str | None, end: str | None) -> Interval:
    """The time that a command asks for; the whole span where it names none."""
    span = project.span
    return Interval(parse_instant(start) if start else span.start, parse_instant(end) if end else span.end)
