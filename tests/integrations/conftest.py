"""Real servers on the loopback interface: PostgreSQL from Debian's packages, MLflow on it, a standalone cluster."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
import servers

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
PASSWORD = "only-4-this-test"


@dataclass(frozen=True)
class Postgres:
    """A database server: its port, and the address that MLflow's store takes."""

    port: int

    def store(self, password: str = PASSWORD, database: str = "postgres") -> str:
        return f"postgresql://headrace:{password}@{servers.LOOPBACK}:{self.port}/{database}"

    def make(self, database: str) -> None:
        """Another, empty database of the same server."""
        with closing(psycopg2.connect(self.store())) as connection:
            connection.autocommit = True
            connection.cursor().execute(f'CREATE DATABASE "{database}"')


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """PostgreSQL as an unprivileged user, with a password, in a folder that is thrown away."""
    if not PROGRAMS:
        pytest.skip("PostgreSQL is not installed (requirements/system-integrations.txt)")
    folder = Path(tempfile.mkdtemp(prefix="headrace-postgres-", dir="/tmp"))
    owner = _unprivileged()
    try:
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        for place in (folder, folder / "password"):
            os.chown(place, owner.pw_uid, owner.pw_gid)
        rights = {} if os.geteuid() else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        words = ["--username=headrace", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}", "--encoding=UTF8"]
        made = subprocess.run(
            [str(PROGRAMS[-1]), "-D", str(folder / "data"), *words], env=servers.BARE, cwd=folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **rights,
        )  # fmt: skip
        assert made.returncode == 0, made.stdout
        yield from _serving(folder, rights)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serving(folder: Path, rights: dict[str, object]) -> Iterator[Postgres]:
    port = servers.free_port()
    server = str(PROGRAMS[-1].with_name("postgres"))
    listening = ["-p", str(port), "-c", f"listen_addresses={servers.LOOPBACK}", "-c", "unix_socket_directories="]
    command = [server, "-D", str(folder / "data"), *listening]

    def ready(said: str) -> bool:
        return "ready to accept connections" in said

    with servers.running(command, folder / "data", servers.BARE, ready, **rights):
        yield Postgres(port)


def _unprivileged() -> pwd.struct_passwd:
    """The user that the server runs as: ourselves, or Debian's postgres where we are root."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


@pytest.fixture(scope="session")
def tracking(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An MLflow server over that database; gives its address."""
    store = postgres.store().replace("postgresql:", "postgresql+psycopg2:")
    with servers.mlflow_server(tmp_path_factory.mktemp("mlflow"), store) as uri:
        yield uri


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Cluster]:
    """A master and two workers."""
    with servers.cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started
