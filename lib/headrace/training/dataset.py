"""Labels and training sets: who is asked about when, what came of it, and what was known about them then.

Both are point-in-time by construction: an event or a feature row counts only where it had arrived by the instant at
which it is used (semantics 4), and a label is made only when nothing can change it any more (semantics 13).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.contracts.expressions import Expression
from headrace.contracts.labels import LabelContract
from headrace.contracts.models import ModelContract
from headrace.contracts.namespaces import as_of_column
from headrace.contracts.taken import Readable
from headrace.events.validate import event_instant
from headrace.features.asof import as_of_join
from headrace.features.counted import AS_OF, Counted
from headrace.features.empty import empty_values, with_null_rule
from headrace.features.groups import snapshots_of
from headrace.features.snapshots import Snapshots
from headrace.ground.errors import HeadraceError, nearest
from headrace.ground.interval import DAY, MICROSECOND
from headrace.tables.spec import Table
from headrace.training.grid import Grid

if TYPE_CHECKING:
    from headrace.features.readings import Rows

BUCKETS = 32
"""Users are split into so many parts by a stable hash; leaving one out at a time gives standard errors."""
STALE_AFTER = timedelta(days=7)


def matures_at(cutoff: datetime, contract: LabelContract, source: EventContract) -> datetime:
    """The midnight (UTC) at which all has landed that a label of ``cutoff`` counts: window, lateness, landing day."""
    over = cutoff.astimezone(UTC) + contract.closes_after + source.lateness
    return _midnight(over.date()) if over.time() == time.min else _midnight(over.date() + DAY)


def asked_last(contract: LabelContract) -> str:
    """What is over once the label of the last cutoff has matured, in words."""
    day, clock = contract.cutoffs.dates[-1], contract.cutoffs.clock
    return f"label {contract.label} of {day}{f', {clock},' if clock else ''}"


def build_labels(
    events: DataFrame, contract: LabelContract, source: EventContract, *, known_until: datetime
) -> DataFrame:
    """``(entity..., cutoff timestamp, label int)``: one row for each entity that is eligible at a mature cutoff.

    Eligible at ``t``: an event with ``eligible.where`` in ``[t - within, t)`` whose landing day was over by ``t``.
    The label is whether an event with ``outcome.where`` happened in ``[t + gap, t + gap + horizon)`` (``present``) or
    not (``absent``), of those landed within the source's lateness after it. A condition that is null does not hold.

    Args:
        events: Raw events: the source's columns, ``event_date`` and ``landed_on``. Others than those from ``within``
            before the first cutoff to the end of the last label window are not read.
        contract: The label's contract.
        source: The contract of the events.
        known_until: All that landed on days before this instant (aware) is in ``events``. A cutoff that ``matures_at``
            later has no rows, so no label ever changes (semantics 13).

    Cost: events once, then two shuffles of at most entities x (days + cutoffs) rows; an event meets only the cutoffs
    in its reach.
    """
    mature = [at for at in contract.cutoffs.instants if matures_at(at, contract, source) <= known_until]
    grid = Grid.of(mature, contract.cutoffs.every)
    columns = (*source.entity, *([source.sign] if source.sign is not None else []))
    reaching = _recent(events, contract).select(*columns, F.inline(_spans(grid, contract, source)))
    useful = reaching.where(F.col("holds") & (F.col("first") <= F.col("last"))).drop("holds")
    useful = useful.distinct() if source.sign is None else _standing(useful, source.sign)
    touched = useful.select(*columns, "asks", F.explode(F.sequence("first", "last")).alias("i"))
    asked, hit = (_any(side, source.sign) for side in (F.col("asks"), ~F.col("asks")))
    positive = hit if contract.outcome.positive == "present" else ~hit
    answers = touched.groupBy(*source.entity, "i").agg(asked.alias("asked"), positive.alias("label"))
    cutoff = grid.instant(F.col("i")).alias("cutoff")
    return answers.where("asked").select(*source.entity, cutoff, F.col("label").cast("int").alias("label"))


def _standing(spans: DataFrame, sign: str) -> DataFrame:
    """Equal spans as one, with what is left of them where some take others back."""
    return (
        spans.groupBy(*(name for name in spans.columns if name != sign))
        .agg(F.sum(sign).alias(sign))
        .where(F.col(sign) != 0)
    )


def _any(holds: Column, sign: str | None) -> Column:
    """Whether one is there; where some take others back, whether one is left."""
    return F.bool_or(holds) if sign is None else F.sum(F.when(holds, F.col(sign)).otherwise(0)) > 0


def _recent(events: DataFrame, contract: LabelContract) -> DataFrame:
    """The events of the days that some cutoff of the contract can reach."""
    first, last = _cutoffs(contract)
    start, end = first - contract.eligible.within, last + contract.closes_after
    return events.where(F.col("event_date").between(F.lit(start.date()), F.lit(end.date())))


def _spans(grid: Grid, contract: LabelContract, source: EventContract) -> Column:
    """An event's two reaches, ``(holds, asks, first, last)``: the cutoffs it makes eligible, those it is counted at.

    Solved for the cutoff ``t``: an event is in ``[t - within, t)`` for ``t`` in ``(happened, happened + within]``, and known
    once its landing day is over; so is the outcome's window, moved by ``closes_after``, its landing moved by the lateness too.
    """
    happened = F.unix_micros(event_instant(source))
    landed = F.unix_date("landed_on") * F.lit(_micros(DAY))
    in_time = F.greatest(happened, landed - _micros(source.lateness))
    over = landed + _micros(DAY - MICROSECOND)
    asks = grid.span(F.greatest(happened, over), happened + _micros(contract.eligible.within))
    counts = grid.span(in_time - _micros(contract.closes_after), happened - _micros(contract.outcome.gap))
    return F.array(
        F.struct(_holds(contract.eligible.where).alias("holds"), F.lit(True).alias("asks"), *asks),
        F.struct(_holds(contract.outcome.where).alias("holds"), F.lit(False).alias("asks"), *counts),
    )


def build_training_set(
    labels: DataFrame,
    features: Mapping[str, Rows],
    contract: ModelContract,
    label: LabelContract,
    entity: Sequence[str],
    *,
    groups: Mapping[str, Readable] = MappingProxyType({}),
    snapshots: Snapshots | None = None,
    stale_after: timedelta = STALE_AFTER,
) -> DataFrame:
    """One row a label, with what was known at its cutoff; the cutoffs between training and test are left out.

    Columns: ``entity``, ``cutoff``, ``label``, ``part`` ("test" from ``test_from`` on; "train" where the label's
    window closes at or before the first test cutoff), ``user_bucket`` (int, 0..31, a stable hash of the entity), the
    model's columns in their order, its segments' columns, and ``{group}_as_of``, the instant of each group's row. The
    arguments determine which rows and values there are; the order of rows is not defined.

    Args:
        labels: As ``build_labels`` gives them.
        features: By group, those of features and segments: its table (entity..., as_of timestamp, features), or what it is
            counted from, where cutoffs are no snapshots of it.
        contract: The model's contract.
        label: The label's contract: its cutoffs, and when its window closes.
        entity: The key's columns.
        groups: The groups' contracts. Whom a group has no row of at a cutoff, its source has never seen: the columns are
            then what the contract says of a window without events, and ``{group}_as_of`` is null. Without a contract they are null.
        snapshots: When the tables hold rows (a published group says it itself); without them, each cutoff is taken to
            have one. At a cutoff that has none nothing is known of anybody, and the columns are null.
        stale_after: A feature row that is older than this at the cutoff is not taken. It also bounds what is read.

    Raises:
        HeadraceError: CONTRACT_REFERENCE for a group that is not in ``features``, or a column that its table lacks.
        ValueError: a column of two groups, or of a group and the spine, has the same name.
    """
    spine = _parted(labels, contract, label).withColumn(
        "user_bucket", F.pmod(F.xxhash64(*entity), F.lit(BUCKETS)).cast("int")
    )
    spine = spine.select(*entity, "cutoff", "label", "part", "user_bucket")
    columns = columns_by_group(contract)
    keys = [*entity, "cutoff"]
    # Each group is looked up from the bare keys, then joined: chained look-ups make Spark's optimizer derive
    # constraints from constraints until memory ends (5 groups did).
    for group, names in columns.items():
        at, rows, asked = as_of_column(group), _rows(group, features, names, contract), labels.select(*keys)
        if isinstance(rows, Counted):
            values = rows.at(asked, "cutoff", *_cutoffs(label))
            found = values.select(*keys, F.col(AS_OF).alias(at), *names)
        else:
            values, found = rows, _looked_up(asked, rows, at, names, label, stale_after)
        spine = spine.join(found, on=keys, how="left")
        if group in groups:
            empty = empty_values(values, groups[group], names)
            taken_at = None if isinstance(rows, Counted) else snapshots_of(groups[group], snapshots)
            served = _served(taken_at, groups[group].zone, stale_after)
            spine = spine.select(*with_null_rule(spine.columns, F.col(at).isNull() & served, empty))
    inputs = dict.fromkeys([*contract.columns, *(segment.column for segment in contract.segments)])
    return spine.select(
        *entity, "cutoff", "label", "part", "user_bucket", *inputs, *(as_of_column(group) for group in columns)
    )


def _looked_up(
    asked: DataFrame, table: DataFrame, at: str, names: Sequence[str], label: LabelContract, stale_after: timedelta
) -> DataFrame:
    """``(entity..., cutoff, at, names...)``: a table's newest rows at each cutoff, and of which instant they are."""
    keys, (first, last) = asked.columns, _cutoffs(label)
    known = table.select(*keys[:-1], F.col(AS_OF).alias(at), *names)
    near = known.where(F.col(at).between(F.lit(first - stale_after), F.lit(last)))
    return as_of_join(asked, near, by=keys[:-1], left_time="cutoff", right_time=at, tolerance=stale_after)


def _served(snapshots: Snapshots | None, zone: str, stale_after: timedelta) -> Column:
    """Whether some snapshot of a zone is near enough to the cutoff."""
    if snapshots is None:
        return F.lit(True)
    return snapshots.age(F.col("cutoff"), zone) <= F.lit(_micros(stale_after))


def _cutoffs(label: LabelContract) -> tuple[datetime, datetime]:
    """The first cutoff and the last."""
    return label.cutoffs.instants[0], label.cutoffs.instants[-1]


def _parted(labels: DataFrame, contract: ModelContract, label: LabelContract) -> DataFrame:
    """The labels with their part, without those whose windows reach into the test."""
    tests = label.cutoffs.on_or_after(contract.test_from)
    if not tests:
        return labels.withColumn("part", F.lit("train"))
    test_from = tests[0]
    part = F.when(F.col("cutoff") >= F.lit(test_from), F.lit("test")).when(
        F.col("cutoff") <= F.lit(test_from - label.closes_after), F.lit("train")
    )
    return labels.withColumn("part", part).where(F.col("part").isNotNull())


def columns_by_group(contract: ModelContract) -> dict[str, list[str]]:
    """The columns taken from each group: the features in their order, then segments that are not among them."""
    columns = {group: list(names) for group, names in contract.features.items()}
    for segment in contract.segments:
        names = columns.setdefault(segment.group, [])
        if segment.column not in names:
            names.append(segment.column)
    return columns


def _rows(group: str, features: Mapping[str, Rows], names: Sequence[str], contract: ModelContract) -> Rows:
    """The rows of a group, which have the columns asked for."""
    where = f"model {contract.model}"
    if group not in features:
        raise HeadraceError("CONTRACT_REFERENCE", where=where, name=group, hint=nearest(group, features))
    rows = features[group]
    columns = rows.group.columns if isinstance(rows, Counted) else rows.columns
    for name in names:
        if name not in columns:
            raise HeadraceError("CONTRACT_REFERENCE", where=where, name=f"{group}.{name}", hint=nearest(name, columns))
    return rows


def _holds(where: Expression | None) -> Column:
    return F.lit(True) if where is None else F.coalesce(F.expr(where.sql), F.lit(False))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _micros(span: timedelta) -> int:
    return span // MICROSECOND


def labels_table(label: LabelContract, source: EventContract) -> Table:
    """``labels.{label}``: (entity..., cutoff, label), mature ones only."""
    return Table(f"labels.{label.label}", " ".join(label.purpose.split()), keys=(*source.entity, "cutoff"))


@dataclass(frozen=True)
class TrainingTable(Table):
    """A table whose every version is a training set: its commits hold manifests (see ``training.sets``)."""

    model: str = ""


def training_table(model: ModelContract, source: EventContract) -> TrainingTable:
    """``training.{model}``: a row a label, with what was known at its cutoff."""
    return TrainingTable(
        f"training.{model.model}",
        f"Training set of {model.model}.",
        keys=(*source.entity, "cutoff"),
        kept="manifests",
        model=model.model,
    )
