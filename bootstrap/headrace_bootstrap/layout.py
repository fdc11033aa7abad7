"""Where everything lies, relative to the root of the clone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The clone's files that the bootstrap reads and makes.

    Everything that it makes is under ``.venv``, so that removing that folder undoes it.
    """

    root: Path

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The environment's Python."""
        return self.venv / "bin" / "python"

    @property
    def share(self) -> Path:
        """What is not Python: jars, data, stamps. ``{sys.prefix}/share/headrace`` from inside."""
        return self.venv / "share" / "headrace"

    @property
    def jars(self) -> Path:
        """Delta's jars, and nothing that Spark ships itself."""
        return self.share / "jars"

    @property
    def classes(self) -> Path:
        """Spark's classes as a JVM maps them."""
        return self.share / "classes.jsa"

    @property
    def no_conf(self) -> Path:
        """An empty folder: what stands for Spark's own conf where classes are shared."""
        return self.share / "no_conf"

    @property
    def ivy(self) -> Path:
        """The cache of Spark's package resolution."""
        return self.share / "ivy"

    @property
    def data(self) -> Path:
        """Wheels that are read as data."""
        return self.share / "data"

    @property
    def archive(self) -> Path:
        """The Python packages that a cluster's executors unpack."""
        return self.share / "cluster" / "environment.tar.gz"

    @property
    def wheels(self) -> Path:
        """The wheel of headrace for a cluster's executors."""
        return self.share / "cluster" / "wheel"

    @property
    def java_home(self) -> Path:
        """A file of one line: the home of the Java that was chosen."""
        return self.share / "java_home"

    @property
    def spark_home(self) -> Path:
        """The Spark inside the environment's pyspark."""
        return self.venv / "lib" / "python3.11" / "site-packages" / "pyspark"

    @property
    def unfinished(self) -> Path:
        """Stands while packages are being installed: found at a start, the environment is half made."""
        return self.share / "unfinished"

    def stamp(self, step: str) -> Path:
        """The file that tells what a step was last done for."""
        return self.share / "stamps" / step

    def requirement(self, name: str) -> Path:
        """A file of ``requirements/``."""
        return self.root / "requirements" / name
