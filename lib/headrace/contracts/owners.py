"""Who answers for a namespace: owners.yaml beside the contracts, and the CODEOWNERS file that is written from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from headrace.contracts.features import FeatureGroup
from headrace.contracts.finding import Finding
from headrace.contracts.namespaces import GroupReference
from headrace.ground.document import Strict, read_document, validate
from headrace.ground.errors import nearest

FILE = "owners.yaml"
_EMAIL = re.compile(r"[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_HANDLE = re.compile(r"@[A-Za-z0-9][A-Za-z0-9_.-]{0,62}(/[A-Za-z0-9][A-Za-z0-9_.-]{0,98})*")
BEGIN = "# headrace export codeowners: begin"
END = "# headrace export codeowners: end"
_HEAD = BEGIN + ". Written from {file}; do not edit. The last line of this file that fits a path holds.\n"


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError(f"'{text:.80}' is no e-mail address")
    return text


def _handle(text: str) -> str:
    if not _HANDLE.fullmatch(text):
        raise ValueError(f"'{text:.80}' is no handle, such as '@ada' or '@company/team' (in quotes: YAML keeps @)")
    return text


class Person(Strict):
    """One who answers for a namespace: a person, or a team's address. ``handle`` is that of the code host."""

    name: str = Field(min_length=1, max_length=200)
    email: Annotated[str, AfterValidator(_email)] | None = None
    handle: Annotated[str, AfterValidator(_handle)] | None = None

    @model_validator(mode="after")
    def _agree(self) -> Person:
        if self.email is None and self.handle is None:
            raise ValueError("give an email or a handle, so that somebody can be asked")
        return self

    @property
    def sign(self) -> str:
        """What CODEOWNERS calls them: the handle, else the e-mail address."""
        return self.handle or self.email or ""


class Owners(Strict):
    """Namespace -> people: ``team``, or ``team.group`` where one group of a team is somebody else's."""

    namespaces: dict[GroupReference, Annotated[tuple[Person, ...], Field(min_length=1)]]

    def of(self, group: FeatureGroup) -> tuple[Person, ...]:
        """Who answers for a group; () where nobody does."""
        return self.namespaces.get(group.namespace) or self.namespaces.get(group.team, ())

    def known_as(self, address: str) -> tuple[Person, ...]:
        """The people of an e-mail address, as other contracts name their owner."""
        people = (person for people in self.namespaces.values() for person in people)
        return tuple(dict.fromkeys(person for person in people if person.email == address))


def read_owners(contracts: Path) -> Owners | None:
    """The owners in a folder of contracts; None where there is no such file.

    Raises:
        HeadraceError: DOCUMENT_* with file, line and remedy.
    """
    path = contracts / FILE
    return validate(read_document(path), Owners) if path.is_file() else None


def check_owners(owners: Owners, groups: Iterable[FeatureGroup]) -> tuple[Finding, ...]:
    """Groups that nobody answers for are errors; namespaces without a group are warnings."""
    found = list(groups)
    known = {name for group in found for name in (group.team, group.namespace)}
    nobody = [
        Finding("error", f"nobody answers for {group.namespace}: {FILE} has neither {group.team} nor {group.namespace}")
        for group in found
        if not owners.of(group)
    ]
    idle = [
        Finding("warning", f"{FILE} has the namespace {name}, in which no group is. {nearest(name, known)}")
        for name in owners.namespaces
        if name not in known
    ]
    return (*nobody, *idle)


def codeowners(files: Mapping[str, Iterable[Person]], source: str) -> str:
    """The lines for CODEOWNERS: one a file, by path. The same owners and paths give the same text.

    ``files`` are paths below the repository's root; those without people are left out.
    """
    people = {path: tuple(dict.fromkeys(person.sign for person in files[path])) for path in sorted(files)}
    lines = [f"/{_escaped(path)} {' '.join(signs)}\n" for path, signs in people.items() if signs]
    return f"{_HEAD.format(file=source)}{''.join(lines)}{END}\n"


def laid_into(text: str, block: str) -> str:
    """A CODEOWNERS file with the lines of headrace in place of those that it has; what others wrote stays.

    They stand at the end of a file that has none, so that they hold.
    """
    before, found, rest = text.partition(BEGIN)
    after = rest.partition(f"{END}\n")[2] if found else ""
    if before and not before.endswith("\n"):
        before += "\n"
    return before + block + after


def _escaped(path: str) -> str:
    """A path as a pattern that fits it alone: blanks and signs of patterns are quoted."""
    return re.sub(r"([\\ #*?\[\]!])", r"\\\1", path)
