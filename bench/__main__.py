"""`python -m bench`: whole runs beside a bare read and beside runs without privacy; the load of each source family.

Belongs here: arguments, the order of measurements, the table. Does not belong here: growing and measuring.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import claims, loads, networks, privacy
from bench.grow import PACKAGES, Grown, default_package, grow
from bench.measure import Cost, ProgramError, Run, apart, bare_read, whole_run

AIM_RATIO = 6.0
AIM_PEAK_BYTES = 2 << 30
AIM_GROWTH = 11.0

# Per post, all at once: plain JSON 1.2 KB, zip, copy of the zip, unpacked members, warehouse, candidate, published.
BYTES_PER_POST = 6_000

RESULTS = Path(__file__).parent / "results" / "latest.md"


@dataclass(frozen=True)
class Measured:
    """One size, measured."""

    grown: Grown
    megabytes: float
    bare: Cost
    run: Run

    @property
    def ratio(self) -> float:
        return self.run.cost.seconds / self.bare.seconds

    @property
    def cpu_ratio(self) -> float:
        """The same in CPU seconds: steadier where other programs share the machine."""
        return self.run.cost.cpu_seconds / self.bare.cpu_seconds


def measure_size(package: str, posts: int, folder: Path, repeats: int) -> Measured:
    """Grow to a size and measure: bare reads before and after the whole run, so that both see the same machine."""
    folder.mkdir(parents=True)
    started = time.perf_counter()
    grown = apart(grow, package, posts, folder / "grown")
    megabytes = sum(path.stat().st_size for path in grown.json_files) / 1e6
    say(f"{posts:,} posts of {package} grown in {time.perf_counter() - started:.0f} s ({megabytes:,.0f} MB of JSON)")
    bare_read(grown, folder)  # once unmeasured: both then read from the same warm file cache
    reads = [bare_read(grown, folder) for _ in range(repeats)]
    run = whole_run(grown, folder / "data", folder / "run.log")
    reads += [bare_read(grown, folder) for _ in range(repeats)]
    # Of an even number the faster middle one: doubt counts against us, not for us.
    bare = sorted(reads, key=lambda cost: cost.seconds)[(len(reads) - 1) // 2]
    spread = max(cost.seconds for cost in reads) / min(cost.seconds for cost in reads)
    say(f"  bare read {bare.seconds:.1f} s (of {len(reads)}, slowest / fastest {spread:.2f})")
    say(f"  whole run {run.cost.seconds:.1f} s, {run.published_posts:,} posts published")
    return Measured(grown, megabytes, bare, run)


def say(line: str) -> None:
    """Progress goes to stderr; the table alone to stdout."""
    print(line, file=sys.stderr, flush=True)


def verdict(value: float, aim: float) -> str:
    """Whether an aim is met."""
    return "yes" if value <= aim else "no"


def table(measured: list[Measured]) -> str:
    """All measurements as Markdown."""
    large = measured[-1]
    lines = [
        f"# Benchmark: {large.grown.package} grown to {large.grown.posts:,} posts",
        "",
        f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}; one run, side by side.",
        "",
        "| posts | JSON | bare read | whole run | ratio | CPU bare | CPU run | ratio | peak bare | peak run | out |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for one in measured:
        lines.append(
            f"| {one.grown.posts:,} | {one.megabytes:,.0f} MB | {one.bare.seconds:.1f} s | "
            f"{one.run.cost.seconds:.1f} s | {one.ratio:.1f} | {one.bare.cpu_seconds:.1f} s | "
            f"{one.run.cost.cpu_seconds:.1f} s | {one.cpu_ratio:.1f} | {one.bare.peak_bytes / 1e9:.2f} GB | "
            f"{one.run.cost.peak_bytes / 1e9:.2f} GB | {one.run.published_posts:,} |"
        )
    lines += ["", "| aim | measured | met |", "|---|---:|---|"]
    lines.append(f"| whole run ≤ {AIM_RATIO:g} × bare read | {large.ratio:.2f} | {verdict(large.ratio, AIM_RATIO)} |")
    peak = large.run.cost.peak_bytes
    lines.append(f"| peak memory ≤ 2 GiB | {peak / 2**30:.2f} GiB | {verdict(peak, AIM_PEAK_BYTES)} |")
    for small, big in itertools.pairwise(measured):
        times = big.grown.posts / small.grown.posts
        growth = big.run.cost.seconds / small.run.cost.seconds
        aim = AIM_GROWTH / 10 * times
        lines.append(
            f"| {times:g} × the posts (from {small.grown.posts:,}) ≤ {aim:g} × the time | {growth:.2f} | "
            f"{verdict(growth, aim)} |"
        )
    lines += ["", "| step | " + " | ".join(f"{one.grown.posts:,}" for one in measured) + " | share |"]
    lines.append("|---|" + "---:|" * (len(measured) + 1))
    names = [name for name, _ in large.run.steps]
    stated = [dict(one.run.steps) for one in measured]
    for name in dict.fromkeys(names):
        cells = " | ".join(f"{steps[name]:.1f} s" if name in steps else "" for steps in stated)
        lines.append(f"| {name} | {cells} | {stated[-1][name] / large.run.cost.seconds:.0%} |")
    rest = [one.run.cost.seconds - sum(steps.values()) for one, steps in zip(measured, stated, strict=True)]
    cells = " | ".join(f"{seconds:.1f} s" for seconds in rest)
    lines.append(f"| start, imports, between steps | {cells} | {rest[-1] / large.run.cost.seconds:.0%} |")
    return "\n".join(lines) + "\n"


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=1_000_000, help="size (default: %(default)s)")
    parser.add_argument("--package", choices=sorted(PACKAGES), default=None, help="what is grown")
    parser.add_argument("--no-tenth", action="store_true", help="leave out the run with a tenth of the posts")
    parser.add_argument("--times-ten", action="store_true", help="run ten times the posts as well (10 GB and more)")
    parser.add_argument("--repeats", type=int, default=2, help="bare reads before and after, or runs (default: 2)")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    parser.add_argument("--keep", action="store_true", help="keep the grown files and what was built")
    parser.add_argument(
        "--write",
        action="store_true",
        help=f"write the tables to bench/results/ ({RESULTS.name}, {loads.RESULTS.name}, {networks.RESULTS.name}, "
        f"{claims.RESULTS.name}, {privacy.RESULTS.name})",
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--loads", action="store_true", help="measure the load of each source family, and no whole run")
    only.add_argument("--networks", action="store_true", help="measure a network of a million edges, and nothing else")
    only.add_argument("--claims", action="store_true", help="try the methods of claims on simulated accounts, no runs")
    only.add_argument(
        "--privacy", action="store_true", help="measure what pseudonyms and redactions cost, nothing else"
    )
    only.add_argument("--no-loads", action="store_true", help="measure whole runs, and no single loads")
    parser.add_argument("--simulations", type=int, default=1000, help="accounts of each kind (default: %(default)s)")
    parser.add_argument("--family", action="append", choices=list(loads.FAMILIES), help="load these families only")
    return parser.parse_args()


def main() -> int:
    """Measure and print; 1 when a program failed."""
    arguments = parse()
    if arguments.networks:
        return large_networks(arguments)
    status = 0
    if arguments.claims:
        text = claims.report(arguments.simulations)
        print(text)
        if arguments.write:
            claims.RESULTS.parent.mkdir(exist_ok=True)
            claims.RESULTS.write_text(text, encoding="utf-8")
        return 0
    if not arguments.loads and not arguments.privacy:
        status = in_a_folder(whole_runs, arguments)
    if not arguments.loads and not arguments.no_loads:
        status = in_a_folder(cost_of_privacy, arguments) or status
    if not arguments.no_loads and not arguments.privacy:
        status = in_a_folder(single_loads, arguments) or status
    return status


def in_a_folder(measure: Callable[[argparse.Namespace, Path], int], arguments: argparse.Namespace) -> int:
    """Measure in a folder that is new, and removed at the end unless it is to be kept."""
    working = Path(tempfile.mkdtemp(prefix="suara-bench-", dir=arguments.folder))
    try:
        return measure(arguments, working)
    finally:
        if arguments.keep:
            say(f"kept: {working}")
        else:
            shutil.rmtree(working, ignore_errors=True)


def large_networks(arguments: argparse.Namespace) -> int:
    """Measure a large network."""
    text = networks.table(networks.measure_network(networks.NODES, networks.EDGES))
    print(text)
    if arguments.write:
        networks.RESULTS.parent.mkdir(exist_ok=True)
        networks.RESULTS.write_text(text, encoding="utf-8")
    return 0


def cost_of_privacy(arguments: argparse.Namespace, working: Path) -> int:
    """Whole runs with pseudonyms and redactions, and without; 1 when a program failed."""
    packages = [arguments.package] if arguments.package else privacy.default_packages()
    if unknown := set(packages) - set(privacy.OWNERS):
        say(f"{unknown.pop()}: whose posts these are is not known here; --package {' or '.join(privacy.OWNERS)}.")
        return 1
    options = ["--privacy", "--posts", str(arguments.posts), "--repeats", str(arguments.repeats)]
    options += ["--package", arguments.package] if arguments.package else []
    try:
        compared = []
        for package in packages:
            compared.append(privacy.compare(package, arguments.posts, working / package, arguments.repeats, say))
            if not arguments.keep:
                shutil.rmtree(working / package, ignore_errors=True)
        text = privacy.table(compared, shlex.join(["python", "-m", "bench", *options]))
        print(text)
        if arguments.write:
            privacy.RESULTS.parent.mkdir(exist_ok=True)
            privacy.RESULTS.write_text(text, encoding="utf-8")
        return 0
    except (ProgramError, FileNotFoundError) as error:
        say(str(error))
        return 1


def single_loads(arguments: argparse.Namespace, working: Path) -> int:
    """Load each source family beside a bare read of it; 1 when one failed, after all others."""
    chosen = [word for family in arguments.family or () for word in ("--family", family)]
    command = shlex.join(["python", "-m", "bench", "--loads", "--posts", str(arguments.posts), *chosen])
    measured, failed = [], False
    for family in arguments.family or loads.FAMILIES:
        started = time.perf_counter()
        folder = working / f"{len(measured)}"
        try:
            measured.append(loads.measure_family(family, arguments.posts, folder))
        except (ProgramError, OSError) as error:  # a full disk, too: the web client's million takes 12 GB
            say(f"{family}: {error}")
            failed = True
        else:
            say(f"{loads.line(measured[-1])} {time.perf_counter() - started:.0f} s in all")
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)
        if measured and arguments.write:  # after each family: all of them take half an hour
            loads.RESULTS.parent.mkdir(exist_ok=True)
            loads.RESULTS.write_text(loads.table(measured, command), encoding="utf-8")
    if measured:
        print(loads.table(measured, command))
    return int(failed)


def whole_runs(arguments: argparse.Namespace, working: Path) -> int:
    """Run the whole pipeline beside bare reads; 1 when a program failed."""
    package = arguments.package or default_package()
    sizes = [] if arguments.no_tenth else [arguments.posts // 10]
    sizes += [arguments.posts] + ([arguments.posts * 10] if arguments.times_ten else [])
    needed, free = max(sizes) * BYTES_PER_POST, shutil.disk_usage(working).free
    try:
        if free < needed:
            say(f"{working} has {free / 1e9:.0f} GB free; {needed / 1e9:.0f} GB are needed. Use --posts or --folder.")
            return 1
        measured = []
        for size in sizes:
            measured.append(measure_size(package, size, working / str(size), arguments.repeats))
            if not arguments.keep:
                shutil.rmtree(working / str(size), ignore_errors=True)
        text = table(measured)
        print(text)
        if arguments.write:
            RESULTS.parent.mkdir(exist_ok=True)
            RESULTS.write_text(text, encoding="utf-8")
        return 0
    except (ProgramError, FileNotFoundError) as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
