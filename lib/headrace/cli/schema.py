"""The JSON Schema of contracts, for editors that complete and check YAML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.contracts.labels import LabelContract
from headrace.contracts.models import ModelContract
from headrace.ground.errors import DONE, HeadraceError, nearest

KINDS: dict[str, type[BaseModel]] = {
    "events": EventContract, "features": FeatureGroup, "labels": LabelContract, "models": ModelContract,
}  # fmt: skip
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def show(kind: str | None, folder: Path | None) -> int:
    """Print the schema of a kind, or of all; with ``folder`` write a file a kind there.

    Raises:
        HeadraceError: KIND_UNKNOWN, SCHEMA_FOLDER.
    """
    if kind is not None and kind not in KINDS:
        raise HeadraceError("KIND_UNKNOWN", kind=kind, hint=nearest(kind, KINDS))
    if folder is None:
        typer.echo(_text(whole_schema() if kind is None else schema_of(kind)), nl=False)
        return DONE
    for one in [kind] if kind else KINDS:
        path = folder / f"{one}.schema.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(_text(schema_of(one)), encoding="utf-8")
        except OSError as error:
            raise HeadraceError("SCHEMA_FOLDER", file=path, problem=error.strerror) from error
        typer.echo(str(path))
    return DONE


def schema_of(kind: str) -> dict[str, Any]:
    """The schema of one kind of contract."""
    return {"$schema": DRAFT, **KINDS[kind].model_json_schema()}


def whole_schema() -> dict[str, Any]:
    """One schema that any contract of the four kinds fulfils."""
    references, definitions = models_json_schema([(model, "validation") for model in KINDS.values()])
    return {"$schema": DRAFT, "anyOf": list(references.values()), **definitions}


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
