"""The search for logic that is there twice against its definition, on random groups. No Spark."""

from __future__ import annotations

import random
from typing import Any

import pytest
import twice_oracle
from groups import count, derived, group, total

from headrace.contracts.twice import find_twins

WHERES = (None, "shop = 1", "shop = 2", "device = 'app'", "device = 'app' AND shop = 1", "shop = 1 AND device = 'web'")


def random_group(chance: random.Random, team: str) -> Any:
    features: list[dict[str, Any]] = []
    for number in range(chance.randint(1, 4)):
        windows = chance.sample(["7d", "28d", "90d"], chance.randint(1, 2))
        where = chance.choice(WHERES)
        kept = {} if where is None else {"where": where}
        made = count(f"n{number}", where, *windows) if chance.random() < 0.5 else total(f"s{number}", *windows, **kept)
        features.append(made)
    columns = [f"{one['name']}_{window}" for one in features for window in one["windows"]]
    for number in range(chance.randint(0, 2)):
        one, other = chance.choice(columns), chance.choice(columns)
        formula = chance.choice(["ln(1 + {0})", "{0} / 100", "{0} / {1}", "{0} + 2 * {1}", "{0}"]).format(one, other)
        features.append(derived(f"d{number}", formula, scale=chance.choice([2, 6])))
    source, version = chance.choice(["app_events", "app_events", "orders"]), chance.randint(1, 3)
    return group(team, *features, source=source, version=version)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_found_is_what_the_definition_finds(seed: int) -> None:
    chance = random.Random(seed)
    groups = [random_group(chance, team) for team in "abcde"]
    found = {twin.name: (twin.kind, twin.old_name) for twin in find_twins(groups) if twin.kind != "named"}
    expected = twice_oracle.kinds(groups)
    assert {name: kind.replace("part", "equal") for name, (kind, _) in found.items()} == {
        name: kind for name, (kind, _) in expected.items()
    }
    assert not [name for name, (_, old) in found.items() if old not in expected[name][1]]
    assert seed or found
