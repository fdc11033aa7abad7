"""A catalog of a few entries for the tests, with what a page must be able to stand."""

from __future__ import annotations

from datetime import UTC, date, datetime

from headrace.features.catalog import Catalog
from headrace.features.entry import Column, Entry, Freshness, Reader
from headrace.features.lineage import Lineage, Node
from headrace.features.profiled import Profiled
from headrace.features.versions import Version
from headrace.profile.spread import Span, Spread

AT = datetime(2024, 3, 11, 6, 30, tzinfo=UTC)
EVIL = "\"'><script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">"
FRESH = Freshness(
    4, AT, datetime(2024, 3, 11, tzinfo=UTC), "build_features", "r7", "2024-03-10..2024-03-11", 1234, 5_000_000
)


VERSIONS = (
    Version(
        2, date(2024, 2, 1), "Free ones are no visits.", (f"visits.where: –  ->  {EVIL}",), "features.visiting", "holds"
    ),
    Version(1, date(2024, 1, 1), "First.", (), "features.visiting_v1", "gone", date(2024, 2, 8), first=True),
)

LINEAGE = Lineage(
    (
        Node("raw column", "visits.paid", "source-visits"), Node("tiles", "tiles.visits", "table-tiles.visits"),
        Node("feature", "visiting.visits", "visiting.visits", own=True), Node("model", "lapse", "model-lapse"),
    ),
    ((0, 1), (1, 2), (2, 3)),
)  # fmt: skip
SPREAD = Spread(120, 12, 8, 0, (Span(0.0, 0.0, 8), Span(1.0, 3.0, 60), Span(3.0, 9.0, 40)))
PROFILES = (
    Profiled("visits_7d", "lapse", "2024-03-10", SPREAD),
    Profiled("visits_28d", "lapse", "2024-03-10", Spread(12, 0, 0, 0, ()), "fewer than 40 rows", outdated=True),
)


def small_catalog() -> Catalog:
    """Three features, a model, a source and two tables; one meaning tries to be a script."""
    keys = (Column("who", "bigint", "Who.", "personal", key=True),)
    visits = Entry(
        kind="feature", name="visiting.visits", meaning=f"Visits. {EVIL}", owner="growth@example.com", entity=("who",),
        windows=("7d", "28d"), sources=("visits",), version=2, fingerprint="ab" * 8, table="features.visiting",
        columns=(Column("visits_7d", "bigint"), Column("visits_28d", "bigint")), freshness=FRESH,
        readers=(Reader("model", "lapse", "visits_7d"), Reader("job", "score_users")), made_by=("build_features",),
        definitions=("SELECT 7", "SELECT 28"), python='headrace.open().features("visiting")', sql="SELECT visits_7d",
        versions=VERSIONS, lineage=LINEAGE, profiles=PROFILES, aliases=("growth.visiting.visits",),
    )  # fmt: skip
    paid = Entry(
        kind="feature", name="visiting.paid", meaning="Money of visits.", owner="growth@example.com", entity=("who",),
        windows=("7d",), sources=("visits",), columns=(Column("paid_7d", "decimal(19,2)"),), freshness=FRESH,
        unprofiled="no model takes it",
    )  # fmt: skip
    age = Entry(
        kind="feature", name="profile.age", meaning="Age band.", owner="data@example.com", entity=("who",),
        windows=("all",), sources=("profiles",), sensitivity="personal", columns=(Column("age_all", "string", "", "personal"),),
    )  # fmt: skip
    model = Entry(
        kind="model", name="lapse", meaning="Who stays away.", owner="growth@example.com", entity=("who",),
        sources=("visits",), version=1, freshness=FRESH, columns=(Column("visits_7d", "bigint", "Visits."),),
    )  # fmt: skip
    source = Entry(kind="source", name="visits", meaning="Visits as they come.", owner="data@example.com", columns=keys)
    tables = (
        Entry(kind="table", name="features.visiting", meaning="How often they come.", columns=keys, freshness=FRESH),
        Entry(kind="table", name="raw.quarantine", meaning="What was refused.", made_by=("ingest_events",)),
    )
    return Catalog("shop", "local", (visits, paid, age, model, source, *tables))
