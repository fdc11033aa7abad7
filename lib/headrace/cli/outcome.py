"""What a run says at its end: the table, the champions, where the report is, and the next command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

from headrace.cli.assembly import Assembly
from headrace.cli.progress import summary
from headrace.graph.result import JobResult
from headrace.ground.errors import DONE, HeadraceError
from headrace.ground.places import is_file_store
from headrace.ground.secret import redact
from headrace.ground.telling import trace_of
from headrace.monitoring.page import Page
from headrace.release.decisions import DECISIONS

if TYPE_CHECKING:
    from headrace.cli.choice import Choice


def show_outcome(out: Console, choice: Choice, parts: Assembly, results: tuple[JobResult, ...], status: int) -> None:
    """The end of a run, on the console."""
    refused = any(result.state == "refused" for result in results)
    show_states(out, choice, results, evidence(parts) if refused else "", status)
    show_champions(out, choice, parts)
    show_pages(out, parts)


def show_states(out: Console, choice: Choice, results: tuple[JobResult, ...], evidence: str, status: int) -> None:
    """What became of each job, what went wrong, and the next command; ``evidence``: where a verdict's figures are."""
    waits = [result.note for result in results if result.state == "waits"]
    if all(result.state in ("up to date", "waits") for result in results):
        out.print(f"Everything {'else ' if waits else ''}is up to date; nothing was done.")
    else:
        out.print(summary(results))
    for told in waits:
        out.print(told, markup=False, soft_wrap=True)
    for result in results:
        if result.state in ("failed", "refused", "not ready"):
            out.print(redact(_problem(choice, evidence, result)), markup=False, soft_wrap=True)
    if status != DONE:
        out.print(f"Next, when mended: {choice.resume()}", markup=False)


@contextmanager
def interrupts_told(out: Console, choice: Choice) -> Iterator[None]:
    """Where Ctrl-C or SIGTERM end the run, say how to go on; Spark's work was cancelled by then."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        out.print(
            f"Stopped. What was committed is in the ledger. Next: {choice.resume()}", markup=False, soft_wrap=True
        )
        raise


def _problem(choice: Choice, evidence: str, result: JobResult) -> str:
    if result.error is not None and choice.verbose:
        return trace_of(result.error)
    if result.state == "refused" and not result.withheld:
        told = {"job": result.job, "reason": result.note, "evidence": evidence, "resume": choice.resume()}
        return HeadraceError("GATE_REFUSED", **told).render()
    if result.withheld:
        return str(result.error)
    if isinstance(result.error, HeadraceError) or result.error is None:
        return f"{result.job}: {result.note}"
    return HeadraceError(
        "JOB_FAILED", job=result.job, interval="its interval", problem=result.note, resume=choice.resume()
    ).render()


def evidence(parts: Assembly) -> str:
    """Where a verdict's figures are: in the decision ledger; a report is there only once something was released."""
    pages = [output for job in parts.graph for output in job.outputs if isinstance(output, Page)]
    reports = [str(parts.pages.path(page)) for page in pages if parts.pages.exists(page)]
    return " and ".join((f"{DECISIONS.name} (column evidence, its latest verdict)", *reports))


def show_champions(out: Console, choice: Choice, parts: Assembly) -> None:
    """Each model's champion with its test AUC beside what it was released against."""
    for model in parts.project.models.values():
        history = parts.champions.champion_history(model.model)
        if not history:
            out.print(f"{model.model}: no champion yet.")
            continue
        last = history[-1]
        evidence = json.loads(
            next(
                (
                    step.evidence
                    for step in reversed(history)
                    if step.version == last.version and "overall" in step.evidence
                ),
                "{}",
            )
        )
        out.print(f"{model.model}: champion is version {last.version}{_figures(evidence, model.baseline.column)}")


def _figures(evidence: dict[str, object], baseline: str) -> str:
    overall = evidence.get("overall")
    if not isinstance(overall, dict):
        return ""
    other = f"{baseline} alone" if evidence.get("against") == "baseline" else "the champion before"
    ours, theirs, gain = (overall[name] for name in ("candidate", "reference", "gain"))
    return (
        f", test AUC {ours['value']:.4f} ({ours['low']:.4f} to {ours['high']:.4f}); {other} {theirs['value']:.4f}; "
        f"gain {gain['value']:.4f}, lower bound {gain['low']:.4f}"
    )


def show_pages(out: Console, parts: Assembly) -> None:
    """Where the reports are, and how to open MLflow's pages."""
    for job in parts.graph:
        for output in job.outputs:
            if isinstance(output, Page) and parts.pages.exists(output):
                out.print(f"Report: {parts.pages.path(output)}", soft_wrap=True)
    uri = parts.project.config.tracking.uri or parts.tracking_uri
    out.print(f"Experiments: {'mlflow ui --backend-store-uri ' if is_file_store(uri) else ''}{uri}", soft_wrap=True)
