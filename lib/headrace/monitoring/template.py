"""Templates of headrace's pages: everything that is put into them is escaped, a name that they lack is an error."""

from __future__ import annotations

from importlib import resources

import jinja2


def page_templates() -> jinja2.Environment:
    """The environment in which ``house.css``, the style of every page, and the pages' own files can be included.

    What is included is text of this package and is not escaped; what pages are given is.
    """
    return jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(_text),
    )


def _text(name: str) -> str:
    return resources.files("headrace.monitoring").joinpath(name).read_text(encoding="utf-8")
