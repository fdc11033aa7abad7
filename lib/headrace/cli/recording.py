"""Lineage events of a run, where the configuration asks for them, and sending those that were kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from headrace import __version__
from headrace.cli.choice import Choice, console
from headrace.ground.errors import DONE, HeadraceError
from headrace.ground.interval import Interval

if TYPE_CHECKING:
    from headrace.cli.assembly import Assembly
    from headrace.graph.events import Events
    from headrace.graph.project import Project
    from headrace.ground.asset import At
    from headrace.tracing.recorder import Recorder

PRODUCER = f"urn:headrace:{__version__}"
SEND = "lineage send"


@dataclass(frozen=True)
class Recording:
    """Who hears a run: whoever shows it, and the recorder of lineage events where there is one."""

    events: Events
    recorder: Recorder | None = None

    @classmethod
    def of(cls, parts: Assembly, at: At, shown: Events) -> Recording:
        """The recording of one run.

        Raises:
            HeadraceError: REFERENCE_UNSET, PACKAGE_MISSING (``app.call``) before anything is run.
        """
        project = parts.project
        if not project.config.lineage.is_on:
            return cls(shown)
        from openlineage.client.event_v2 import set_producer

        from headrace.graph.events import beside
        from headrace.tracing.datasets import Datasets
        from headrace.tracing.events import RunTold
        from headrace.tracing.outbox import Outbox
        from headrace.tracing.recorder import Recorder
        from headrace.tracing.transport import transport_of

        set_producer(PRODUCER)
        told = RunTold(Datasets(project, parts.graph, at.run_id), at.run_id, at.now, parts.spark.version, PRODUCER)
        folder = lineage_folder(project)
        transport = transport_of(project.config.lineage, folder)
        found = Recorder(told, Outbox(folder), transport, lambda: datetime.now(UTC), shown.warned)
        return cls(beside(shown, found.events), found)

    def over(self, asked: Interval) -> AbstractContextManager[Callable[[int], int]]:
        """While the run goes on; see ``Recorder.over``."""
        return nullcontext(lambda status: status) if self.recorder is None else self.recorder.over(asked)

    def show(self, out: Console, choice: Choice) -> None:
        """What became of the events, where some are left."""
        sent = self.recorder.sent if self.recorder is not None else None
        if sent is not None and sent.left:
            why = f", since {sent.why}" if sent.why else ""
            said = f"Lineage: {sent.left} events are kept{why}. {choice.command(SEND)} sends them, or the next run."
            out.print(said, markup=False, soft_wrap=True)


def lineage_folder(project: Project) -> Path:
    """Where an environment keeps what has to do with lineage events."""
    return project.home / "lineage"


def send_lineage(choice: Choice) -> int:
    """Send the events that are kept.

    Raises:
        HeadraceError: LINEAGE_OFF, REFERENCE_UNSET, PACKAGE_MISSING; LINEAGE_UNSENT where some are left.
    """
    project, _ = choice.open()
    asked, folder = project.config.lineage, lineage_folder(project)
    if not asked.is_on:
        raise HeadraceError("LINEAGE_OFF", env=project.env)
    from headrace.tracing.outbox import Outbox
    from headrace.tracing.transport import transport_of

    outbox = Outbox(folder)
    sent = outbox.send(transport_of(asked, folder), len(outbox.pending))
    if sent.left:
        about = {"left": sent.left, "sent": sent.sent, "folder": folder / "pending", "problem": sent.why}
        raise HeadraceError("LINEAGE_UNSENT", where=asked.url or folder, **about)
    refused = f"; {sent.refused} were refused, and are in {folder / 'refused'}" if sent.refused else ""
    console(markup=False).print(f"{sent.sent} lineage events were sent{refused}.", soft_wrap=True)
    return DONE
