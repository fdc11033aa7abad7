"""How the deadlines of tables were kept."""

from __future__ import annotations

from headrace.cli.alerts import records
from headrace.cli.choice import Choice, console, grid_of
from headrace.graph.deadlines import FORETOLD, kept, spelled
from headrace.ground.errors import DONE
from headrace.ground.interval import parse_instant


def show_deadlines(choice: Choice) -> int:
    """Print for each deadline its latest runs: met, missed, foretold."""
    from headrace.cli.assembly import assemble

    project, graph = choice.open()
    out = console(markup=False)
    if not project.config.deadlines:
        out.print('No table has a deadline. One is set in conf: deadlines: {scores.NAME: "06:00 Europe/London"}')
        return DONE
    entries = assemble(project, graph).ledger.entries
    makers = {output.name: job.name for job in graph for output in job.outputs}
    told = records(project, FORETOLD)
    for table, deadline in project.config.deadlines.items():
        foretold = {one["run"]: parse_instant(one["at"]) for one in told if one.get("table") == table}
        found = kept(entries, makers[table], deadline, foretold)
        met = sum(one.told.startswith("met") for one in found)
        out.print(f"{table}, {deadline}: {met} of the last {len(found)} runs that were to make it met it.")
        grid = grid_of("run", "began, UTC", "due", "done", "slack", "")
        for one in found:
            done = "" if one.ended is None else f"{one.ended:%Y-%m-%d %H:%M}"
            slack = "" if one.slack is None else spelled(one.slack.total_seconds())
            grid.add_row(one.run_id, f"{one.began:%Y-%m-%d %H:%M}", f"{one.due:%Y-%m-%d %H:%M}", done, slack, one.told)
        out.print(grid)
    return DONE
