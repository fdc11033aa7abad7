"""`.venv/bin/python bootstrap/pack_environment.py LIST OUTPUT`: pack what executors import into one archive.

Run by the environment's own Python, which has venv-pack. Packages are those of LIST and what they require; no pip and
no network: the archive holds the very files that the driver uses.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
from pathlib import Path

import venv_pack
from packaging.requirements import Requirement

LEFT_OUT = ("*/tests/*", "*/pyarrow/include/*", "*.pxd", "*.pyx", "*.pyi", "*.hpp")
"""What no executor loads; a fifth of the whole."""
LEVEL = 1
"""gzip's fastest: half the seconds of level 4, and an archive that is a tenth larger."""


def main(listing: Path, output: Path) -> None:
    """Write the archive."""
    lines = (line.partition("#")[0].strip() for line in listing.read_text(encoding="utf-8").splitlines())
    packages = closure([line for line in lines if line])
    site = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    environment = venv_pack.Env(sys.prefix).exclude("*").include("bin/python*")
    for top in sorted({top for package in packages for top in tops(package)}):
        environment = environment.include(f"{site}/{top}").include(f"{site}/{top}/*")
    for pattern in LEFT_OUT:
        environment = environment.exclude(pattern)
    environment.pack(str(output), force=True, compress_level=LEVEL)


def closure(roots: list[str]) -> list[importlib.metadata.Distribution]:
    """The distributions of ``roots`` and of all that they require here."""
    found: dict[str, importlib.metadata.Distribution] = {}
    wanted = list(roots)
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
        if name not in found:
            found[name] = importlib.metadata.distribution(name)
            needs = (Requirement(text) for text in found[name].requires or ())
            wanted += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return list(found.values())


def tops(package: importlib.metadata.Distribution) -> set[str]:
    """The first parts of a distribution's paths below site-packages; scripts elsewhere are no executor's affair."""
    return {file.parts[0] for file in package.files or () if file.parts[0] != ".."} - {"__pycache__"}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
