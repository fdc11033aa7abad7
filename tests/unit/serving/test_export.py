"""`headrace export feast`: files that Feast takes, secrets by reference. No Spark."""

from __future__ import annotations

import pytest
import yaml
from calling import command
from laid_features import VISITING, lay, make_project, visitor


def test_the_repository_is_written_for_the_tables_that_are_there(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("headrace.cli.feast_repository.has_feast", lambda: False)
    project = make_project(tmp_path)
    lay(project.warehouse / "features/visiting", VISITING, [visitor(1, 2)])
    status, said = command(capsys, "--project", str(tmp_path))("export", "feast")
    assert status == 0
    assert "1 feature views" in said
    assert "no run has made their tables: shopping." in said
    assert "feast apply" in said
    settings = yaml.safe_load((tmp_path / "home/feast/feature_store.yaml").read_text())
    assert settings["project"] == "corner_shop_local"
    assert settings["online_store"] == {"type": "sqlite", "path": "online.db"}
    text = (tmp_path / "home/feast/features.py").read_text()
    compile(text, "features.py", "exec")
    assert "path='../warehouse/features/visiting'" in text
    assert "'fingerprint': " in text


def test_a_folder_that_cannot_be_written_is_told_as_that_of_an_export(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("headrace.cli.feast_repository.has_feast", lambda: False)
    project = make_project(tmp_path)
    lay(project.warehouse / "features/visiting", VISITING, [visitor(1, 2)])
    (tmp_path / "taken").write_text("a file")
    output = str(tmp_path / "taken/feast")
    status, said = command(capsys, "--project", str(tmp_path))("export", "feast", "--output", output)
    assert (status, "EXPORT_UNWRITABLE" in said, output in said.replace("\n", "")) == (2, True, True), said


def test_a_redis_with_a_password_stands_there_as_a_variable(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("headrace.cli.feast_repository.has_feast", lambda: False)
    project = make_project(tmp_path)
    lay(project.warehouse / "features/visiting", VISITING, [visitor(1, 2)])
    sets = ("--set", "online.store=redis", "--set", "online.address='env:SHOP_REDIS'")
    assert command(capsys, "--project", str(tmp_path), *sets)("export", "feast")[0] == 0
    settings = yaml.safe_load((tmp_path / "home/feast/feature_store.yaml").read_text())
    assert settings["online_store"]["connection_string"] == "${SHOP_REDIS},socket_timeout=5,socket_connect_timeout=5"


@pytest.mark.parametrize("address", ["host:6379,password=secret", "redis://u:secret@host:1", "host"])
def test_an_address_with_a_password_is_refused_and_not_repeated(tmp_path, address):
    from headrace.ground.errors import HeadraceError

    with pytest.raises(HeadraceError) as caught:
        make_project(tmp_path, "online.store=redis", f"online.address='{address}'")
    assert "secret" not in str(caught.value).replace(f"'{address}'", "")
    assert caught.value.code == "DOCUMENT_INVALID"
