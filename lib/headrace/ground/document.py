"""YAML documents, read safely, with the place of every key.

No tags, no anchors or aliases (so no alias bombs), no duplicate keys, one document a file, 256 KiB at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from headrace.ground.errors import HeadraceError, nearest

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser, which PyYAML's wheels bring, takes a tenth of the time of the one in Python. No object is built by either."""
MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
_LONGEST_NUMBER = 40
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null"))
_SHAPES = {
    **dict.fromkeys(("tuple_type", "list_type"), "must be a list, in brackets or a line with '- ' for each item"),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), "must be a mapping of keys to values"),
    **dict.fromkeys(("int_type", "int_parsing"), "must be a whole number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
}
"""What is allowed, in the words of YAML, where pydantic's are those of Python."""
Model = TypeVar("Model", bound=BaseModel)
Path_ = tuple[str | int, ...]


class Strict(BaseModel):
    """The root of everything that is declared in YAML: frozen, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, allow_inf_nan=False)


class Misplaced(ValueError):
    """Something wrong with a part of a model, found by the whole: ``at`` leads from the whole to the part."""

    def __init__(self, at: Path_, said: str) -> None:
        self.at = at
        super().__init__(said)


@dataclass(frozen=True)
class Document:
    """A parsed file: plain values, and the place (file and line) of each path of keys."""

    path: Path
    values: dict[str, Any]
    places: dict[Path_, str]

    def place(self, path: Path_) -> str:
        """``file:line`` of ``path``, or of the nearest ancestor that has one."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, f"{self.path}:1")

    def under(self, other: Document) -> Document:
        """This document with ``other`` laid over it: mappings merge, everything else is replaced."""
        return Document(other.path, _merge(self.values, other.values), self.places | other.places)


def read_document(path: Path) -> Document:
    """Read one YAML mapping.

    Raises:
        HeadraceError: DOCUMENT_* with file and line.
    """
    if not path.is_file():
        raise HeadraceError("DOCUMENT_MISSING", file=path, hint=_siblings(path))
    if path.stat().st_size > MAX_BYTES:
        raise HeadraceError("DOCUMENT_TOO_LARGE", file=path, bytes=path.stat().st_size, limit=MAX_BYTES)
    try:
        return parse_document(path, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise HeadraceError("DOCUMENT_UNREADABLE", file=path, line=1, problem=f"not UTF-8 ({error.reason})") from None


def parse_document(path: Path, text: str) -> Document:
    """The document that ``text`` spells; ``path`` is only named in errors."""
    try:
        _refuse_indirection(path, text)
        root = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as error:
        raise _unreadable(path, text, error) from None
    if not isinstance(root, yaml.MappingNode):
        raise HeadraceError("DOCUMENT_UNREADABLE", file=path, line=1, problem="the file is not a mapping of keys")
    places: dict[Path_, str] = {}
    values = _plain(path, root, (), places)
    return Document(path, values, places)


def _unreadable(path: Path, text: str, error: yaml.YAMLError) -> HeadraceError:
    """As the parser in Python tells it, where it does: of what ends too soon, libyaml names the line behind the last."""
    try:
        yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as told:
        error = told
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return HeadraceError("DOCUMENT_UNREADABLE", file=path, line=mark.line + 1 if mark else 1, problem=problem)


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _refuse_indirection(path: Path, text: str) -> None:
    """Refuse what a plain file does not need, event by event: nothing is built yet."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        line = _line(event)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            problem = f"nested more than {MAX_DEPTH} deep"
            raise HeadraceError("DOCUMENT_UNREADABLE", file=path, line=line, problem=problem)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise HeadraceError("DOCUMENT_UNSAFE", file=path, line=line, found="an anchor or alias")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise HeadraceError("DOCUMENT_UNSAFE", file=path, line=line, found=f"the tag {tag}")


def _line(at: yaml.Node | yaml.Event) -> int:
    return at.start_mark.line + 1 if at.start_mark is not None else 1


def _plain(path: Path, node: yaml.Node, at: Path_, places: dict[Path_, str]) -> Any:
    places[at] = f"{path}:{_line(node)}"
    if isinstance(node, yaml.MappingNode):
        values: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            line = _line(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                raise HeadraceError("DOCUMENT_UNREADABLE", file=path, line=line, problem="a key is not plain text")
            key = key_node.value
            if key in values:
                problem = f"the key '{key}' stands twice"
                raise HeadraceError("DOCUMENT_UNREADABLE", file=path, line=line, problem=problem)
            values[key] = _plain(path, value_node, (*at, key), places)
            places[(*at, key)] = f"{path}:{line}"
        return values
    if isinstance(node, yaml.SequenceNode):
        return [_plain(path, item, (*at, index), places) for index, item in enumerate(node.value)]
    return _scalar(path, node)


def _scalar(path: Path, node: yaml.Node) -> Any:
    """Text, number, truth value or nothing. Dates stay text, and so does ``12:30``, which YAML 1.1 takes for 750."""
    number = node.tag.endswith((":int", ":float"))
    plain = node.tag in _PLAIN_TAGS and not (number and ":" in node.value)
    tag = node.tag if plain else "tag:yaml.org,2002:str"
    try:
        if plain and number and len(node.value) > _LONGEST_NUMBER:
            raise ValueError(node.value)
        scalar = yaml.ScalarNode(tag, node.value, node.start_mark, node.end_mark)
        return yaml.constructor.SafeConstructor().construct_object(scalar)
    except ValueError:
        problem = f"'{node.value[:_LONGEST_NUMBER]}' is no number that can be read; put text in quotes"
        raise HeadraceError("DOCUMENT_UNREADABLE", file=path, line=_line(node), problem=problem) from None


def validate(document: Document, model: type[Model], values: dict[str, Any] | None = None) -> Model:
    """The document as ``model``.

    Raises:
        HeadraceError: DOCUMENT_INVALID naming file, line, path of the key, what is allowed, and the nearest name.
    """
    try:
        return model.model_validate(document.values if values is None else values)
    except ValidationError as error:
        raise _invalid(document, model, error) from None


def _invalid(document: Document, model: type[BaseModel], error: ValidationError) -> HeadraceError:
    problems = [_problem(document, model, detail) for detail in error.errors()]
    return HeadraceError("DOCUMENT_INVALID", problems="\n".join(problems))


def _problem(document: Document, model: type[BaseModel], detail: ErrorDetails) -> str:
    found = detail.get("ctx", {}).get("error")
    at = (*detail["loc"], *(found.at if isinstance(found, Misplaced) else ()))
    name = ".".join(str(part) for part in at) or "(the whole file)"
    said = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        said = f"unknown key. {nearest(str(at[-1]), _fields_at(model, at[:-1]))}"
    elif detail["type"] == "missing":
        said = "this key is missing"
    elif detail["type"] not in ("value_error", "literal_error"):
        said = f"{_SHAPES.get(detail['type'], said)}; found {detail['input']!r:.60}"
    return f"{document.place(at)}: {name}: {said}"


def _fields_at(model: type[BaseModel], at: Path_) -> list[str]:
    """The keys that are allowed at a path: followed through the model's JSON Schema."""
    schema = model.model_json_schema()
    node: dict[str, Any] = schema
    for part in at:
        node = _step(schema, node, part)
    return list(_resolve(schema, node).get("properties", {}))


def _step(schema: dict[str, Any], node: dict[str, Any], part: str | int) -> dict[str, Any]:
    resolved = _resolve(schema, node)
    if isinstance(part, int):
        child = resolved.get("items", {})
    else:
        child = resolved.get("properties", {}).get(part) or resolved.get("additionalProperties", {})
    return child if isinstance(child, dict) else {}


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for choice in (node, *node.get("anyOf", ())):
        if "$ref" in choice:
            found: dict[str, Any] = schema["$defs"][choice["$ref"].rsplit("/", 1)[1]]
            return found
        if "properties" in choice or "items" in choice or "additionalProperties" in choice:
            return dict(choice)
    return node


def _siblings(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"The folder {folder} does not exist."
    return nearest(path.stem, (file.stem for file in folder.glob("*.yaml")))
