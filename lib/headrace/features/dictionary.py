"""What the columns of headrace's own tables are: those that no contract names, with type, meaning and unit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from headrace.features.entry import Column

_PERSONAL = frozenset({"raw"})
OWN_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "event_date": ("date", "Day on which it happened, UTC."),
    "landed_on": ("date", "Day on which it arrived in the landing zone."),
    "event_key": ("string", "What makes the event one: its id, or a hash of its line."),
    "row_hash": ("bigint", "Hash of the event's content; the last word where events tie."),
    "sign": ("int", "1 for an event's version, -1 for the row that takes it back; what counts is their sum."),
    "source": ("string", "The source that it came from."),
    "file": ("string", "The landing file."),
    "rule": ("string", "The rule that it broke."),
    "detail": ("string", "What was wrong, without the value."),
    "raw": ("string", "The line as it arrived; it may hold personal values."),
    "outcome": ("string", "What became of the lines."),
    "rows": ("bigint", "How many.", "lines"),
    "event_day": ("date", "Day on which the events happened."),
    "arrival_day": ("date", "Day on which they arrived."),
    "arrival_month": ("date", "Month of arrival; the partition."),
    "as_of": ("timestamp", "The midnight (UTC) as of which the row was known."),
    "as_of_month": ("date", "Month of the snapshot; the partition."),
    "cutoff": ("timestamp", "The instant at which the question is asked."),
    "label": ("int", "1 where it came true, else 0."),
    "part": ("string", "train or test, by cutoff."),
    "user_bucket": ("int", "A stable hash of the entity, 0 to 31."),
    "score": ("double", "The model's answer: a probability, 0 to 1."),
    "model": ("string", "The model."),
    "model_version": ("string", "The version that answered."),
    "feature_fingerprint": ("string", "What the features meant that it was given."),
    "table": ("string", "The table that was profiled."),
    "column": ("string", "The column."),
    "slice": ("string", "All rows, or those of one segment."),
    "window": ("string", "The time that the rows are of."),
    "fingerprint": ("string", "What the features meant to the model that was watched."),
    "n": ("bigint", "Rows.", "rows"),
    "nulls": ("bigint", "Rows without a value.", "rows"),
    "nans": ("bigint", "Values that are not a number.", "rows"),
    "infinities": ("bigint", "Infinite values.", "rows"),
    "zeros": ("bigint", "Zeros.", "rows"),
    "least": ("double", "The least finite value.", "the column's"),
    "greatest": ("double", "The greatest finite value.", "the column's"),
    "total": ("decimal(38,12)", "Sum of the finite values.", "the column's"),
    "squares": ("decimal(38,12)", "Sum of their squares.", "the column's, squared"),
    "counts": ("array<struct<bin:int,rows:bigint>>", "Rows by bin of the reference's edges.", "rows"),
    "cuts": ("array<double>", "Where the bins of a number begin and end, ascending; null for texts.", "the column's"),
    "at": ("timestamp", "When it was written down."),
    "run_id": ("string", "The run."),
    "job": ("string", "The job."),
    "start": ("timestamp", "Start of the interval, inclusive."),
    "end": ("timestamp", "End of the interval, exclusive."),
    "state": ("string", "What became of it."),
    "stamp": ("string", "Identity of the job and of all that it read."),
    "seconds": ("double", "How long the step took.", "s"),
    "rows_in": ("bigint", "Rows that it read.", "rows"),
    "rows_out": ("bigint", "Rows that it wrote.", "rows"),
    "intervals": ("int", "Intervals that were done at once.", "intervals"),
    "outputs": ("string", "The versions that it made."),
    "note": ("string", "Why, or what went wrong."),
    "origin": ("string", "What it was made of: fingerprint, versions of contracts, identities of inputs."),
    "seq": ("bigint", "Number of the decision."),
    "kind": ("string", "Verdict, promotion or rollback."),
    "version": ("string", "The model version that it is about."),
    "predecessor": ("string", "The version that served before."),
    "reason": ("string", "Why."),
    "evidence": ("string", "The figures that it rests on."),
}
"""Name -> SQL type, meaning, and its unit where it counts or measures."""

OWN_TABLES: Mapping[str, str] = {
    "raw.quarantine": "source landed_on file rule detail raw",
    "raw.tally": "source landed_on outcome rows",
    "monitor.profile": (
        "table column slice window fingerprint user_bucket n nulls nans infinities zeros least greatest total squares "
        "counts model as_of cuts"
    ),
    "ops.ledger": "at run_id job start end state stamp seconds rows_in rows_out intervals outputs note origin",
    "ops.decisions": "seq at run_id kind model version predecessor state reason evidence",
}
"""Tables whose columns are all headrace's own, in their order."""
OWN_READERS: Mapping[str, str] = {
    "raw.quarantine": "quarantine show and replay",
    "monitor.profile": "catalog and feature show",
    "ops.ledger": "plan, run and status",
    "ops.decisions": "release, rollback and status",
}
"""Which of headrace's commands read a table, beside the jobs that declare it."""


def own_column(name: str, kind: str = "") -> Column:
    """A column of headrace's own, with what it means if that is known; ``kind`` where another type was found."""
    declared, meaning, unit = (*OWN_COLUMNS.get(name, ("", "")), "")[:3]
    if not meaning and name.endswith("_as_of"):
        of = re.sub(r"__v(\d+)$", r"@\1", name.removesuffix("_as_of")).replace("__", ".")
        declared, meaning = "timestamp", f"The snapshot of {of} that was known at the cutoff."
    return Column(name, kind or declared, meaning, "personal" if name in _PERSONAL else "internal", unit=unit)


def own_columns(names: str) -> Iterator[Column]:
    """Several of them, by their names in one text."""
    return map(own_column, names.split())
