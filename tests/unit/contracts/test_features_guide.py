"""The contract that the guide shows is one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from headrace.contracts.features import Aggregate, FeatureGroup
from headrace.ground.document import parse_document, validate

GUIDE = Path(__file__).resolve().parents[3] / "docs/guides/features.md"


def test_the_guides_contract_loads_and_its_table_has_every_aggregate():
    text = GUIDE.read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    group = validate(parse_document(GUIDE, block), FeatureGroup)
    assert group.columns[:5] == ("baskets_6h", "baskets_36h", "baskets_7d", "baskets_4w", "baskets_all")
    assert group.columns[-1] == "spend_per_basket"
    named = set(
        re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `")))
    )
    assert named == set(get_args(Aggregate))
