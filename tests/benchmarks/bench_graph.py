"""``make bench-graph``: what the engine adds to the work of a graph, and what it saves.

    ./spark-submit.sh --exec python tests/benchmarks/bench_graph.py [sample] [makespan] [workers] [still] [empty] [resume]
        [--nap 20] [--jobs 50] [--times 30] [--heap 1g]

sample     the whole sample graph on one slot, one job at a time, and on all, as a graph: the ratio; hashes must be equal
makespan   twelve jobs of one sleeping task each, on 2 slots, against max(critical path, work / slots)
workers    the same graph on a standalone cluster of 1, 2 and 4 workers of one core
still      a chain of --jobs jobs, run again when nothing is due: from the start of the process to its end
empty      a job that writes one row against the bare Delta commit of that row, medians of --times
resume     a chain of naps, killed half way: the time of the run that goes on against what was not done, by its naps and by
           what the same jobs took in a run that nobody killed

Without a name: all of them. Times are of one run on one machine; look at the ratios. Nothing is asserted but that hashes
are equal and that what was done is not done again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import servers
from benchmarks.graphs.naps import Nap, Naps, chain, layered
from benchmarks.graphs.running import ROOT, Ran, run, run_until

PARTS = ("sample", "makespan", "workers", "still", "empty", "resume")


@dataclass(frozen=True)
class Bench:
    """Where it is held, and how large it is. ``nap``: seconds of a usual job."""

    folder: Path
    nap: float
    jobs: int
    times: int
    heap: str

    def fresh(self, name: str) -> Path:
        """An empty folder."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        return self.folder / name

    def options(self, master: str) -> tuple[str, ...]:
        """spark-submit's own."""
        return ("--master", master, "--driver-memory", self.heap)


def lanes(jobs: int) -> tuple[str, str]:
    """How many jobs run at once."""
    return "--set", f"engine.parallel_jobs={jobs}"


def sample(bench: Bench) -> Iterator[str]:
    """The demo, one job at a time and as a graph."""
    homes = {"one slot": bench.fresh("serial"), "a graph": bench.fresh("graph")}
    took: dict[str, Ran] = {}
    for name, home in homes.items():
        words = ("--set", f"home={home.relative_to(ROOT)}", *lanes(1 if name == "one slot" else 2))
        took[name] = run(
            ROOT, f"bench-{home.name}", ("--master", "local[1]" if name == "one slot" else "local[2]"), words
        )
        yield f"the sample graph as {name}: {took[name].span:.0f} s, {took[name].began:.0f} s before its plan"
    serial, graph = took.values()
    tables = [_hashes(home) for home in homes.values()]
    differ = sorted(name for name in tables[0] if tables[0][name] != tables[1].get(name))
    assert not differ, differ
    longest = max(graph.steps, key=lambda job: graph.steps[job])
    yield f"{len(tables[0])} tables have equal hashes; as a graph it takes {graph.span / serial.span:.2f} of the time"
    yield f"what dominates: {longest}, {graph.steps[longest]:.0f} s of {graph.span:.0f}"


def _hashes(home: Path) -> dict[str, str]:
    """Of all tables whose rows are functions of what landed."""
    found = {}
    for log in sorted((home / "warehouse").glob("*/*/_delta_log")):
        schema, table = log.parent.parts[-2:]
        if schema in ("raw", "tiles", "carried", "features", "labels", "training", "scores"):
            command = [
                "./spark-submit.sh",
                "table",
                "hash",
                f"{schema}.{table}",
                "--set",
                f"home={home.relative_to(ROOT)}",
            ]
            ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
            found[f"{schema}.{table}"] = ended.stdout.split()[-1]
    return found


def makespan(bench: Bench) -> Iterator[str]:
    """Jobs of known length on 2 slots."""
    naps = layered(3, 4, bench.nap / 2, bench.nap * 1.5)
    ran = run(naps.put(bench.fresh("makespan")), "makespan", bench.options("local[2]"), lanes(2))
    yield _against(naps, ran, 2, "2 slots")
    yield _beyond(naps, ran)


def workers(bench: Bench) -> Iterator[str]:
    """The same on clusters."""
    naps = layered(3, 4, bench.nap / 2, bench.nap * 1.5)
    for count in (1, 2, 4):
        with servers.cluster(bench.fresh(f"cluster{count}"), count) as cluster:
            folder = naps.put(bench.fresh(f"workers{count}"))
            options = (*bench.options(cluster.master), "--conf", "spark.driver.host=127.0.0.1")
            ran = run(folder, f"workers{count}", options, ("--env", "cluster", *lanes(count)))
        yield _against(naps, ran, count, f"{count} worker{'s' if count > 1 else ''}")
        yield _beyond(naps, ran)


def _against(naps: Naps, ran: Ran, slots: int, told: str) -> str:
    bound = naps.bound(slots)
    least = f"max(critical path {naps.critical:.1f} s, work {naps.work:.1f} s / {slots})"
    return (
        f"{told}: {ran.span:.1f} s, {ran.span / bound:.3f} of {least}; the session's start took {ran.began:.1f} s more"
    )


def _beyond(naps: Naps, ran: Ran) -> str:
    over = sorted(seconds - naps.jobs[job].seconds for job, seconds in ran.steps.items())
    return (
        f"  what dominates: a job takes {over[len(over) // 2]:.2f} s beyond its nap (median), {over[-1]:.2f} s at most"
    )


def still(bench: Bench) -> Iterator[str]:
    """Nothing is due."""
    folder = chain(bench.jobs, 0).put(bench.fresh("still"))
    made = run(folder, "made", bench.options("local[2]"))
    assert len(made.steps) == bench.jobs
    again = run(folder, "again", bench.options("local[2]"))
    assert not again.steps
    yield f"{bench.jobs} jobs made in {made.seconds:.1f} s; recognised as up to date in {again.seconds:.1f} s, process and all"
    yield f"  what dominates: {again.began:.1f} s of them go before the plan is known"


def empty(bench: Bench) -> Iterator[str]:
    """A job against a bare commit."""
    folder = Naps({"nothing": Nap(0)}).put(bench.fresh("empty"))
    told = folder / "told.json"
    script = str(Path(__file__).parent / "graphs/empty.py")
    command = ["./spark-submit.sh", *bench.options("local[2]"), script, str(folder), str(told), str(bench.times)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}")
    found = json.loads(told.read_text(encoding="utf-8"))
    more = found["job"] - found["commit"]
    yield f"an executed empty job {found['job']:.3f} s, the bare Delta commit {found['commit']:.3f} s: {more:.3f} s more"
    yield "  what dominates: the ledger's entry, which is a Delta commit of its own"


def resume(bench: Bench) -> Iterator[str]:
    """Killed half way."""
    naps = chain(12, bench.nap / 2)
    undisturbed = run(naps.put(bench.fresh("undisturbed")), "undisturbed", bench.options("local[2]"), lanes(1))
    folder = naps.put(bench.fresh("resume"))
    done = run_until(folder, "killed", 5, bench.options("local[2]"), lanes(1))
    again = run(folder, "resumed", bench.options("local[2]"), lanes(1))
    left = sum(naps.jobs[job].seconds for job in again.steps)
    assert len(again.steps) == len(naps.jobs) - done, "what was done is not done again"
    same = undisturbed.after(list(naps.jobs)[done - 1])
    yield f"killed after {done} of {len(naps.jobs)} jobs; the rest took {again.span:.1f} s, the session's start aside"
    yield f"  {again.span / same:.3f} of the {same:.1f} s that it takes where nobody kills"
    yield f"  {again.span / left:.3f} of its naps, {left:.0f} s"
    yield _beyond(naps, again)


def main(words: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--nap", type=float, default=20, help="seconds of a usual job")
    parser.add_argument("--jobs", type=int, default=50, help="jobs of the graph in which nothing is due")
    parser.add_argument("--times", type=int, default=30, help="empty jobs and bare commits")
    parser.add_argument("--heap", default="1g", help="memory of each driver; the sample graph has conf's")
    asked = parser.parse_args(words)
    bench = Bench(ROOT / ".headrace/bench-graph", asked.nap, asked.jobs, asked.times, asked.heap)
    for part in asked.parts or PARTS:
        for line in globals()[part](bench):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
