"""Fifty groups and five hundred features, each with its picture and lineage: the page stays one that a browser opens."""

from __future__ import annotations

import re
import time
from pathlib import Path

import many_groups
import pytest
from catalogs import AT
from profiles import profile_row, write_profile

from headrace.cli.choice import Choice
from headrace.features.catalog import build_catalog
from headrace.monitoring.catalog import render

MOST_BYTES = 4_500_000
MOST_SECONDS = 12.0
"""Of this process's own time; about 2 where nothing else runs."""
CUTS = [float(place * place + 1) for place in range(21)]
COUNTS = {0: 5, 4: 20, **{6 + place: 10 for place in range(20)}}


@pytest.mark.slow
def test_five_hundred_features_are_a_page_of_some_megabytes(tmp_path: Path) -> None:
    root = many_groups.make_project(tmp_path)
    project, graph = Choice(root, "local").open()
    columns = project.models["going"].columns
    assert len(columns) == 800
    write_profile(
        project.warehouse / "monitor/profile", [("going", [profile_row(name, COUNTS, CUTS) for name in columns])]
    )
    start = time.process_time()
    text = render(build_catalog(project, graph), AT)
    took = time.process_time() - start
    assert len(text.encode()) < MOST_BYTES
    assert took < MOST_SECONDS
    assert text.count('<svg class="lineage"') == 500
    pictures = re.findall(r'<svg class="spread".*?</svg>', text)
    assert len(pictures) == 800
    assert max(map(len, pictures)) < 1_200
    assert max(map(len, re.findall(r'<svg class="lineage".*?</svg>', text))) < 6_000
