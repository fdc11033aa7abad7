"""One Spark application that runs the bench project once for each size; what the bench starts and looks at from outside.

    ./spark-submit.sh tests/benchmarks/application.py PROJECT RUNS.json EVENTS:USERS:HOME ... [-- arguments of run]

It writes when each run began and ended (ms), so that a log of the application can be cut into runs.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from headrace.cli import main


def run(project: str, events: str, users: str, home: str, extra: list[str]) -> dict[str, object]:
    """One run of the bench project; events and users at one size."""
    sets = (f"settings.generate.events={events}", f"settings.generate.users={users}", f"home={home}")
    words = [part for text in sets for part in ("--set", text)]
    began = time.time()
    status = main(["run", "--env", "bench", "--project", project, *words, *extra])
    return {
        "home": home,
        "events": int(events),
        "users": int(users),
        "status": status,
        "began": began * 1000,
        "ended": time.time() * 1000,
    }


def runs(words: list[str]) -> int:
    """The runs that the words ask for; the worst status."""
    project, told, *sizes = words
    at = sizes.index("--") if "--" in sizes else len(sizes)
    done = [run(project, *size.split(":"), sizes[at + 1 :]) for size in sizes[:at]]
    Path(told).write_text(json.dumps(done), encoding="utf-8")
    return max(int(str(each["status"])) for each in done)


if __name__ == "__main__":
    raise SystemExit(runs(sys.argv[1:]))
