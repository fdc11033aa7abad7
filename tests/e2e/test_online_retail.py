"""Another company's real data through headrace's own jobs: a gift shop's 305 daily CSV files, contracts and conf alone.

The data are UCI's Online Retail (Chen, Sain, Guo 2012); the figures are those of ../shared/data/README.md.

Short form, in `make test`: test_landing_formats.py and test_landing.py, on made-up files.
"""

from __future__ import annotations

import csv
import gzip
import shutil
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import foreign
import pytest

from headrace.tables.hash import table_hash

pytestmark = [pytest.mark.spark, pytest.mark.e2e, pytest.mark.dear, pytest.mark.usefixtures("generated")]
TABLES = ("raw/events_invoice_lines", "tiles/invoice_lines", "features/customer_purchases")
LINES, CUSTOMERS, INVOICES, MONEY = 541_909, 4_338, 18_532, Decimal("8911407.904")
BOUGHT = 397_884
RECENCY_FREQUENCY_MONEY = {
    12346: (326, 1, Decimal("77183.600")),
    12347: (3, 7, Decimal("4310.000")),
    12348: (76, 4, Decimal("1797.240")),
    12349: (19, 1, Decimal("1757.550")),
    12350: (311, 1, Decimal("334.400")),
}


@dataclass(frozen=True)
class Shop:
    """The project after one run, and the lines that landed, read by Python alone."""

    root: Path
    lines: tuple[tuple[str, ...], ...]

    @property
    def landing(self) -> Path:
        return self.root / "home/landing/invoice_lines"

    def load(self, spark, name):
        return spark.read.format("delta").load(str(self.root / "home/warehouse" / name))

    def hashes(self, spark):
        return {name: table_hash(self.load(spark, name)) for name in TABLES}


@pytest.fixture(scope="module")
def shop(spark, tmp_path_factory):
    from headrace.cli import main

    data = foreign.shared_file("online_retail/2010-12-01.csv.gz").parent
    root = foreign.copy_project("online_retail", tmp_path_factory.mktemp("shop"))
    lines = []
    for file in sorted(data.glob("*.csv.gz")):
        day = root / "home/landing/invoice_lines" / file.name.partition(".")[0]
        day.mkdir(parents=True)
        (day / file.name).symlink_to(file)
        with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
            lines += list(csv.reader(text))[1:]
    assert main(["run", "--project", str(root)]) == 0
    return Shop(root, tuple(map(tuple, lines)))


def test_every_line_is_an_event_or_in_quarantine(spark, shop):
    assert len(shop.lines) == LINES
    tally = Counter()
    for row in shop.load(spark, "raw/tally").collect():
        tally[row["outcome"]] += row["rows"]
    nobody = sum(line[6] == "" for line in shop.lines)
    assert tally == {"event": LINES - nobody, "missing_value": nobody}
    quarantine = shop.load(spark, "raw/quarantine")
    assert quarantine.where("detail = 'customer_id'").count() == nobody == quarantine.count()
    assert shop.load(spark, "raw/events_invoice_lines").count() == LINES - nobody


def test_equal_lines_are_kept_apart_and_kept(spark, shop):
    """A customer may put the same product on one invoice twice."""
    events = shop.load(spark, "raw/events_invoice_lines")
    content = [name for name in events.columns if name not in ("event_key", "event_date", "landed_on", "row_hash")]
    found = events.groupBy(*content).count().groupBy("count").count().toDF("copies", "rows").collect()
    theirs = Counter(Counter(line for line in shop.lines if line[6]).values())
    assert {row["copies"]: row["rows"] for row in found} == theirs
    assert max(theirs) > 1
    assert events.select("event_key").distinct().count() == events.count()


def test_the_published_figures_are_features(spark, shop):
    features = shop.load(spark, "features/customer_purchases").where("as_of = TIMESTAMP '2011-12-10 00:00:00Z'")
    rows = {row["customer_id"]: row for row in features.collect()}
    buyers = {who: row for who, row in rows.items() if row["lines_all"] > 0}
    assert len(buyers) == CUSTOMERS
    assert sum(row["lines_all"] for row in buyers.values()) == BOUGHT
    assert sum(row["frequency_all"] for row in buyers.values()) == INVOICES
    assert sum(row["money_all"] for row in buyers.values()) == MONEY
    found = {
        who: (int(rows[who]["recency"]), rows[who]["frequency_all"], rows[who]["money_all"])
        for who in RECENCY_FREQUENCY_MONEY
    }
    assert found == RECENCY_FREQUENCY_MONEY
    assert all(rows[who]["money_all"] is None for who in set(rows) - set(buyers)), "who only returned has spent nothing"


def test_a_second_run_does_nothing_and_a_file_that_comes_again_adds_nothing(spark, shop, call):
    """Short form: test_landing.py."""
    assert "Nothing is due" in call("plan", "--project", str(shop.root))[1]
    before = shop.hashes(spark)
    again = shop.landing / "2011-12-05/again.csv.gz"
    shutil.copy(shop.landing / "2011-12-01/2011-12-01.csv.gz", again)
    status, said = call("run", "--project", str(shop.root))
    assert status == 0, said
    assert shop.hashes(spark) == before
    with gzip.open(again, "rt", encoding="utf-8", newline="") as text:
        copies = sum(row["CustomerID"] != "" for row in csv.DictReader(text))
    tally = shop.load(spark, "raw/tally").where("landed_on = '2011-12-05' AND outcome = 'duplicate'").collect()
    assert [row["rows"] for row in tally] == [copies]
