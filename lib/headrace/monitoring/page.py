"""Pages: an asset that is one file, and the folder that they are committed to."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace.ground.asset import At, Receipt


@dataclass(frozen=True)
class Page:
    """A page ``file`` (a bare file name) under the asset's name."""

    name: str
    file: str

    def __post_init__(self) -> None:
        if Path(self.file).name != self.file or self.file in ("", ".", ".."):
            raise ValueError(f"page '{self.name}': '{self.file}' is not a bare file name")


class PageSink:
    """Pages in one folder. A reader sees the old page or the new one, never a part: written beside, then renamed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, asset: Page) -> Path:
        """Where the page is."""
        return self.folder / asset.file

    def exists(self, asset: Page) -> bool:
        """Whether the page was ever committed."""
        return self.path(asset).is_file()

    def read(self, asset: Page, at: At) -> str:
        """The page's text."""
        return self.path(asset).read_text(encoding="utf-8")

    def commit(self, asset: Page, value: str, at: At, identity: Mapping[str, str]) -> Receipt:
        """Replace the page. The receipt's version is the sha256 of its bytes: the same text is the same version."""
        content = write_page(self.path(asset), value, at.run_id)
        return Receipt(hashlib.sha256(content).hexdigest(), note={"bytes": len(content), **identity})


def write_page(path: Path, text: str, writer: str = "new") -> bytes:
    """Put a page in its place as a whole; returns its bytes. ``writer`` keeps two writers' halves apart."""
    content = text.encode("utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.parent / f".{path.name}.{writer}.part"
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return content
