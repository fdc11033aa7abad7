"""The commands and what their mistakes look like."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Annotated

import typer
from typer.exceptions import TyperException
from typer.models import TyperInfo

from headrace import __version__
from headrace.cli import commands, pages, purge, tables
from headrace.cli import leakage as leaks
from headrace.cli.absent import missing
from headrace.cli.choice import Choice, show_whole
from headrace.cli.contract import contract
from headrace.cli.deadlines import show_deadlines
from headrace.cli.exports import export
from headrace.cli.ledger import ledger
from headrace.cli.lineage import lineage
from headrace.cli.look import feature, table
from headrace.cli.options import HERE, DryRun, Env, Folder, Sets
from headrace.cli.planning import plan as planned
from headrace.cli.release import release
from headrace.cli.rollback import rollback
from headrace.cli.sets import training_set
from headrace.cli.status import status as show_status
from headrace.cli.timelines import show_run
from headrace.ground.errors import DONE, USAGE, HeadraceError
from headrace.ground.telling import told, trace_of

INTERRUPTED = 130
HELP = """Batch compute for customer analytics on Spark: events into tables, features, models and scores, as one graph of jobs.

Start with `headrace init NAME`: a project of your own. Then `headrace run`: its whole graph. Run it again: it does only what is due.
Look before: `headrace plan`. Look after: `headrace status`.
Undo a release: `headrace rollback model NAME`. Undo bad features: `headrace rollback features GROUP --to-time T`.
Where an error is not enough: the same command with --verbose first, as in `headrace --verbose run`.
"""
app = typer.Typer(
    name="headrace", help=HELP, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)
quarantine = typer.Typer(
    help="Look at refused rows, and read them again after a contract was mended.", no_args_is_help=True
)
GROUPS = {
    "rollback": rollback,
    "quarantine": quarantine,
    "contract": contract,
    "table": table,
    "feature": feature,
    "export": export,
    "training-set": training_set,
    "lineage": lineage,
    "ledger": ledger,
    "release": release,
}
app.registered_groups = [TyperInfo(part, name=name) for name, part in GROUPS.items()]

From = Annotated[str | None, typer.Option("--from", "--interval-start", metavar="DATE", help="First day, inclusive.")]
To = Annotated[str | None, typer.Option("--to", "--interval-end", metavar="DATE", help="Last day, exclusive.")]
Job = Annotated[str | None, typer.Argument(help="One job; all where none is named.", show_default=False)]
Select = Annotated[str | None, typer.Option("--select", metavar="SEL", help="JOB, JOB+, +JOB or tag:NAME.")]


def show_version(wanted: bool) -> None:
    """Print the version, with the commit where it was installed from a wheel, and stop."""
    if wanted:
        stamp = resources.files("headrace").joinpath("commit.txt")
        commit = stamp.read_text(encoding="utf-8").strip() if stamp.is_file() else ""
        typer.echo(f"headrace {__version__}" + (f" ({commit})" if commit else ""))
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show stack traces.")] = False,
) -> None:
    """What holds for every command."""
    del version
    sys.excepthook = show_whole if verbose else show_briefly


@app.command()
def init(
    name: Annotated[str, typer.Argument(help="The project's name: lower-case letters, digits, - and _.")],
    folder: Annotated[Path | None, typer.Option("--folder", metavar="DIR", help="Where to make it; ./NAME if none.")] = None,
) -> None:  # fmt: skip
    """Make a project of your own, with contracts, a job, a test and a made-up sample, ready to run."""
    from headrace.cli.init import init as make

    raise typer.Exit(make(name, folder))


@app.command()
def run(
    job: Job = None, select: Select = None, start: From = None, end: To = None, env: Env = "local", project: Folder = HERE,
    run_id: Annotated[str | None, typer.Option("--run-id", help="A name for this run in ledger and commits.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Do the chosen jobs anew, due or not.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Lift the holds of rollbacks on what they make.")] = False,
    placement: Annotated[str | None, typer.Option("--placement", metavar="BY", help="Spark applications: one, per_job or groups.")] = None,
    sets: Sets = None,
) -> None:  # fmt: skip
    """Run the graph, or a part of it: what is due, in parallel, each interval once."""
    selector = _selector(job, select)
    chosen = Choice(project, env, tuple(sets or ()), selector, start, end, run_id, full_refresh, force, placement)
    raise typer.Exit(planned(chosen) if dry_run else commands.run(chosen))


@app.command()
def plan(
    job: Job = None, select: Select = None, start: From = None, end: To = None, env: Env = "local", project: Folder = HERE,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="As if everything were due.")] = False, sets: Sets = None,
    slots: Annotated[int | None, typer.Option("--slots", min=1, help="Foretell the whole on so many slots too.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The manifest with the plan in it, as JSON.")] = False,
) -> None:  # fmt: skip
    """Say what `run` would do, why, from which versions, and what it would take; changes nothing."""
    chosen = Choice(project, env, tuple(sets or ()), _selector(job, select), start, end, None, full_refresh)
    raise typer.Exit(planned(chosen, slots, as_json))


@app.command()
def status(
    run: Annotated[str | None, typer.Argument(help="A run's ID, or how it begins: its timeline.", show_default=False)] = None,
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write the run's timeline as a page.")] = None,
    deadlines: Annotated[bool, typer.Option("--deadlines", help="The last 30 runs of each table that has a deadline.")] = False,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """The last run, what is champion, how far the tables are done, and what is due now; or the timeline of one run."""
    chosen = Choice(project, env, tuple(sets or ()))
    if run is None and output is not None:
        raise HeadraceError("OPTION_INVALID", problem="--output writes the timeline of a run; name one")
    if deadlines:
        raise typer.Exit(show_deadlines(chosen))
    raise typer.Exit(show_status(chosen) if run is None else show_run(chosen, run, output))


@app.command()
def lint(env: Env = "local", project: Folder = HERE, sets: Sets = None) -> None:
    """Check configuration, contracts and graph; starts no Spark."""
    raise typer.Exit(commands.lint(Choice(project, env, tuple(sets or ()))))


@app.command()
def maintain(
    env: Env = "local", project: Folder = HERE, sets: Sets = None, dry_run: DryRun = False,
) -> None:  # fmt: skip
    """Lay small files together and let go what no promise keeps any more; `run` does it too, as its last job."""
    from headrace.cli.maintaining import maintain as tend

    raise typer.Exit(tend(Choice(project, env, tuple(sets or ())), dry_run))


@quarantine.command("show")
def quarantine_show(
    rule: Annotated[str | None, typer.Option("--rule", help="Only rows of this rule.")] = None,
    rows: Annotated[int, typer.Option("--rows", min=1, max=1000, help="How many rows with their text.")] = 5,
    raw: Annotated[bool, typer.Option("--raw", help="Show raw text too; it may hold personal values.")] = False,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """Counts by source and rule, and some rows."""
    raise typer.Exit(tables.quarantine_show(Choice(project, env, tuple(sets or ())), rule, rows, raw))


@quarantine.command("replay")
def quarantine_replay(
    rule: Annotated[str, typer.Option("--rule", help="The rule whose rows are read again.")],
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which days would be read.")] = False,
) -> None:  # fmt: skip
    """Read the landing days that hold rows of a rule again, by the contract as it is now."""
    raise typer.Exit(tables.quarantine_replay(Choice(project, env, tuple(sets or ())), rule, dry_run))


@app.command()
def leakage(
    training_set: Annotated[str, typer.Option("--training-set", metavar="ID", help="See training-set list.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """How many cells of a training set differ between what was known then and what is known now."""
    raise typer.Exit(leaks.leakage(Choice(project, env, tuple(sets or ())), training_set, as_json))


@quarantine.command("purge")
def quarantine_purge(
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many rows would go.")] = False,
) -> None:  # fmt: skip
    """Delete refused text that landed longer ago than the configuration's retention.quarantine."""
    raise typer.Exit(purge.quarantine_purge(Choice(project, env, tuple(sets or ())), dry_run))


@app.command()
def catalog(
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Where to write the page.")] = None,
    env: Env = "local", project: Folder = HERE, sets: Sets = None,
) -> None:  # fmt: skip
    """Write one page of all features, tables and models, to be searched in a browser; starts no Spark."""
    raise typer.Exit(pages.catalog(Choice(project, env, tuple(sets or ())), output))


_made = cache(typer.main.get_command)
"""What Typer makes of all signatures: once a process, which may call often."""


def call(arguments: Sequence[str] | None) -> int:
    """Run a command line. A user's mistake ends in a message and a status, never in a stack trace."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.excepthook = show_whole if "--verbose" in given else show_briefly
    given = [*(["--verbose"] if "--verbose" in given else []), *(word for word in given if word != "--verbose")]
    try:
        status = _with_packages(_made(app).main, given)
    except HeadraceError as error:
        if "--verbose" in given:
            typer.echo(trace_of(error), err=True)
        typer.echo(told(error), err=True)
        return error.exit_status
    except TyperException as error:
        typer.echo(str(HeadraceError("OPTION_INVALID", problem=_words(error))), err=True)
        return USAGE
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("Interrupted. What was committed stays; the same command goes on where this one stopped.", err=True)
        return INTERRUPTED
    return status if isinstance(status, int) else DONE


def _with_packages(main: Callable[..., object], given: list[str]) -> object:
    """Carry the words out. That a package is absent which an extra brings is a user's mistake too."""
    try:
        with _session_kept():
            return main(args=given, prog_name="headrace", standalone_mode=False)
    except ModuleNotFoundError as error:
        absent = missing(error)
        if absent is None:
            raise
        raise absent from error


def _session_kept() -> AbstractContextManager[None]:
    """A notebook's session stays its active one; where no Spark was started there is none."""
    if "pyspark.core" not in sys.modules:
        return nullcontext()
    from headrace.ground.session import active_session_kept

    return active_session_kept()


def _selector(job: str | None, select: str | None) -> str | None:
    """What is to be run. Two answers to one question are none."""
    if job is not None and select is not None:
        problem = f"a job ({job}) and --select {select} both say what is to be run; give one of them"
        raise HeadraceError("OPTION_INVALID", problem=problem)
    return job or select


def _words(error: TyperException) -> str:
    said = getattr(error, "format_message", lambda: str(error))
    return str(said())


def show_briefly(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An error that nobody foresaw: its first line, and how to see more; one of the catalogue is told as that."""
    del trace
    from headrace.graph.failures import translate

    mended = translate(error) if isinstance(error, Exception) else error
    if isinstance(mended, HeadraceError):
        typer.echo(told(mended), err=True)
        return
    first = (told(error).strip() or kind.__name__).splitlines()[0]
    typer.echo(
        f"{kind.__name__}: {first}\n  mend: run the command again with --verbose and report what it shows", err=True
    )
