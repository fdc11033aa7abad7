"""The commands about contracts: what was agreed, by this project and by others. None but those with --values starts Spark."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from headrace.cli import agreement, bump, difference, drop, locking, schema, taking
from headrace.cli.choice import Choice
from headrace.cli.options import HERE, Env, Folder, Sets
from headrace.ground.errors import HeadraceError

contract = typer.Typer(
    help="What feature groups were agreed to mean: check it, change it knowingly.", no_args_is_help=True
)

Names = Annotated[list[str] | None, typer.Argument(metavar="GROUP...", help="Feature groups.", show_default=False)]
Why = Annotated[str, typer.Option("--why", help="The reason, for the changelog.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")]


def _today() -> date:
    return datetime.now(UTC).date()


def _day(text: str | None, option: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        problem = f"{option} {text} is no day, such as 2027-01-31"
        raise HeadraceError("OPTION_INVALID", problem=problem) from None


@contract.command("check")
def contract_check(
    values: Annotated[bool, typer.Option("--values", help="Compare values of groups too, on a sample; starts Spark.")] = False,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """Compare every feature group with its lock entry, name groups without owners and logic that is there twice."""
    raise typer.Exit(agreement.contract_check(Choice(project, env, tuple(sets or ())), values))


@contract.command("lock")
def contract_lock(
    names: Names = None, why: Why = "First entry.", env: Env = "local", project: Folder = HERE, sets: Sets = None
) -> None:
    """Make the lock entry of new groups: those named, or all that have none."""
    raise typer.Exit(locking.lock(Choice(project, env, tuple(sets or ())), tuple(names or ()), why, _today()))


@contract.command("bump")
def contract_bump(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Feature groups; an event contract means all over it.")],
    why: Why,
    retire_after: Annotated[
        str | None, typer.Option("--retire-after", metavar="DATE", help="Last day of the old version; after retention.tables if none.")
    ] = None,
    dry_run: DryRun = False, env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """Raise the version of groups whose meaning changed; the old version stays readable beside the new one."""
    choice = Choice(project, env, tuple(sets or ()))
    reason = bump.Reason(why, _today(), _day(retire_after, "--retire-after"))
    raise typer.Exit(bump.bump(choice, names, reason, dry_run))


@contract.command("retire")
def contract_retire(
    name: Annotated[str, typer.Argument(metavar="TEAM.GROUP", help="A lock entry whose contract was removed.")],
    why: Why,
    retire_after: Annotated[
        str | None, typer.Option("--retire-after", metavar="DATE", help="Last day of its table; after retention.tables if none.")
    ] = None,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """Write down that a group is no more; its entry stays, as history."""
    until = _day(retire_after, "--retire-after")
    raise typer.Exit(locking.retire(Choice(project, env, tuple(sets or ())), name, why, _today(), until))


@contract.command("drop")
def contract_drop(
    name: Annotated[str, typer.Argument(metavar="TEAM.GROUP@VERSION", help="A version of this project's group.")],
    dry_run: DryRun = False, env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """Remove the table of a version whose last day is over; refused before, with those who read it."""
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-drop"
    raise typer.Exit(drop.drop(Choice(project, env, tuple(sets or ())), name, _today(), run_id, dry_run))


@contract.command("accept")
def contract_accept(
    name: Annotated[str, typer.Argument(metavar="TEAM.GROUP@VERSION", help="A version that another project has published.")],
    dry_run: DryRun = False, env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """Take a version of another project's group: write down what it means, and move models of another version to it."""
    raise typer.Exit(taking.accept(Choice(project, env, tuple(sets or ())), name, _today(), dry_run))


@contract.command("pin")
def contract_pin(
    name: Annotated[str, typer.Argument(metavar="TEAM.GROUP@VERSION", help="A version that was accepted before.")],
    dry_run: DryRun = False, env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """Stay with a version of another project's group although a newer one follows it, until it is retired."""
    raise typer.Exit(taking.pin(Choice(project, env, tuple(sets or ())), name, _today(), dry_run))


@contract.command("rehash")
def contract_rehash(dry_run: DryRun = False, env: Env = "local", project: Folder = HERE, sets: Sets = None) -> None:
    """Bring lock entries of an older scheme to the present one, where the meaning is proven to be the same."""
    raise typer.Exit(locking.rehash(Choice(project, env, tuple(sets or ())), dry_run))


@contract.command("diff")
def contract_diff(
    group: Annotated[str | None, typer.Argument(metavar="GROUP", help="One group; all that differ if none.")] = None,
    values: Annotated[
        bool, typer.Option("--values", help="Compute old and new for a sample of users, side by side; starts Spark.")
    ] = False,
    sample: Annotated[int, typer.Option("--sample", min=1, max=100, help="Users shown for each column that differs.")] = 5,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="The midnight of --values; that after the last landing if none.")
    ] = None,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """What was agreed against the contracts as they are: definitions, tiles, rows to compute, and values if asked for."""
    choice = Choice(project, env, tuple(sets or ()))
    raise typer.Exit(difference.diff(choice, group, values, sample, _day(as_of, "--as-of")))


@contract.command("schema")
def contract_schema(
    kind: Annotated[str | None, typer.Argument(metavar="KIND", help="events, features, labels or models; all if none.")] = None,
    folder: Annotated[Path | None, typer.Option("--folder", metavar="DIR", help="Write KIND.schema.json there.")] = None,
) -> None:  # fmt: skip
    """The JSON Schema of contracts, for editors."""
    raise typer.Exit(schema.show(kind, folder))
