"""Commands by which a project takes a version of another project's group: accept one, or stay with the one that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from headrace.cli.choice import Choice, console
from headrace.cli.elsewhere import rows_elsewhere
from headrace.cli.locking import open_declared, write_files
from headrace.contracts.models import ModelContract
from headrace.contracts.namespaces import is_published
from headrace.contracts.published import Published
from headrace.contracts.taken import FOLDER, Taken, taken_now, taken_path, taken_text
from headrace.graph.catalogs import find_offer, read_catalogs
from headrace.graph.project import open_configuration
from headrace.ground.document import Document, parse_document, read_document, validate
from headrace.ground.errors import DONE, HeadraceError, nearest


@dataclass(frozen=True)
class Acceptance:
    """What accepting a version writes and removes, and the models whose reference moves."""

    entry: Taken
    files: Mapping[Path, str]
    removed: tuple[Path, ...]
    moved: Mapping[str, tuple[str, ...]]

    def told(self, root: Path) -> Iterator[str]:
        """What happens, line by line."""
        group = self.entry.group
        yield f"{group.reference} of {group.project} (owner {group.owner}): {group.purpose}"
        for column in group.features:
            unit = f", {column.unit}" if column.unit else ""
            yield f"    {column.name}  {column.type}{unit}  {column.meaning}"
        for model, before in self.moved.items():
            yield f"  model {model}: {', '.join(before)} -> {group.reference}"
        yield from (f"  {path.relative_to(root)}" for path in self.files)
        yield from (f"  {path.relative_to(root)} is removed" for path in self.removed)


def accept(choice: Choice, reference: str, today: date, dry_run: bool) -> int:
    """Write down what a version means, and move the models that name another version of the group to it.

    Raises:
        HeadraceError: OPTION_INVALID; what ``find_offer`` and ``read_catalogs`` refuse; PUBLISHED_COLUMN where a model
            takes what the version does not have; LOCK_UNWRITABLE.
    """
    if not is_published(reference):
        problem = f"'{reference}' names no version of another project's group, such as growth.activity@3"
        raise HeadraceError("OPTION_INVALID", problem=problem)
    root = choice.folder.resolve()
    file, config = open_configuration(root, choice.env, choice.sets)
    catalogs = read_catalogs(root, config.catalogs, rows_elsewhere(config, file.name))
    catalog, listed = find_offer(reference, catalogs, today)
    found = _acceptance(root / file.conf / config.contracts, taken_now(catalog, listed.group, today))
    out = console(markup=False)
    for line in found.told(root):
        out.print(line, soft_wrap=True)
    if dry_run:
        out.print("Nothing was written.")
        return DONE
    write_files(found.files)
    for path in found.removed:
        path.unlink()
    model = "" if found.moved else f"name {reference} under features: in a model; "
    out.print(f"Next: {model}commit these files; {choice.command('contract check')}", soft_wrap=True)
    return DONE


def _acceptance(contracts: Path, entry: Taken) -> Acceptance:
    files = {taken_path(contracts, entry.reference): taken_text(entry)}
    moved: dict[str, tuple[str, ...]] = {}
    for path in sorted((contracts / "models").rglob("*.yaml")):
        document = read_document(path)
        model = validate(document, ModelContract)
        others = tuple(name for name in model.published if _same(name, entry.group) and name != entry.reference)
        _check_columns(model, entry.group)
        if others:
            files[path] = _renamed(document, others, entry.reference)
            moved[model.model] = others
    old = {taken_path(contracts, name) for others in moved.values() for name in others}
    return Acceptance(entry, files, tuple(sorted(path for path in old if path.is_file())), moved)


def _same(reference: str, group: Published) -> bool:
    return reference.partition("@")[0] == group.namespace


def _check_columns(model: ModelContract, group: Published) -> None:
    asked = [(name, column) for name, columns in model.features.items() for column in columns]
    asked += [(segment.group, segment.column) for segment in model.segments]
    for name, column in asked:
        if _same(name, group) and "@" in name and column not in group.columns:
            hint = nearest(column, group.columns)
            raise HeadraceError("PUBLISHED_COLUMN", model=model.model, column=column, name=group.reference, hint=hint)


def _renamed(document: Document, old: tuple[str, ...], new: str) -> str:
    """The contract's text with the references moved; everything else stays as people wrote it."""
    text = document.path.read_bytes().decode("utf-8")
    for name in old:
        text = re.sub(rf"(?<![\w.@]){re.escape(name)}(?!\d)", new, text)
    validate(parse_document(document.path, text), ModelContract)
    return text


def pin(choice: Choice, reference: str, today: date, dry_run: bool) -> int:
    """Stay with a version although another one follows it, until it is retired.

    Raises:
        HeadraceError: TAKEN_UNKNOWN; PIN_IDLE; what ``find_offer`` and ``read_catalogs`` refuse; LOCK_UNWRITABLE.
    """
    project, _ = open_declared(choice)
    if reference not in project.taken:
        hint = nearest(reference, project.taken)
        raise HeadraceError("TAKEN_UNKNOWN", where="the command", name=reference, hint=hint)
    catalogs = read_catalogs(project.root, project.config.catalogs, rows_elsewhere(project.config, project.name))
    name, listed = find_offer(reference, catalogs, today)
    catalog = catalogs[name]
    if (
        listed.retire_after is None
        and catalog is not None
        and not catalog.since(listed.group.namespace, listed.group.version)
    ):
        raise HeadraceError("PIN_IDLE", name=reference)
    entry = project.taken[reference].model_copy(update={"pinned": today})
    until = f"until {listed.retire_after}" if listed.retire_after is not None else "until its owners name a day"
    out = console(markup=False)
    path = taken_path(project.contracts, reference)
    out.print(f"{reference} is stayed with {until} (owner {listed.group.owner}): {FOLDER}/{path.name}", soft_wrap=True)
    if dry_run:
        out.print("Nothing was written.")
        return DONE
    write_files({path: taken_text(entry)})
    out.print(f"Next: commit the file; {choice.command('contract check')} warns until then.", soft_wrap=True)
    return DONE
