"""What pseudonyms and redactions cost: whole runs of a registered account's posts, with them and without, in turn.

Belongs here: a copy of the project from which they are taken out, and the comparison. Does not belong here: running and
measuring one program (`measure`).

The product has no switch for it, and must have none. So the code is copied and changed as text; a change whose place is
not found stops the measurement.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.grow import Grown, grow, shared_data
from bench.measure import Cost, ProgramError, apart, measure, program_environment, published_posts
from orchestration.contract import PROJECT_ROOT, DataDir

AIM_SHARE = 0.20
RESULTS = Path(__file__).parent / "results" / "privacy.md"

# The account whose posts are grown; that of the demo is registered already.
OWNERS = {
    "demo": None,
    "grailbird_landsurveyorsu": "LandSurveyorsU",
    "grailbird_sdstartupweek": "SDStartupWeek",
}
_CODE = ("orchestration", "expectations", "dbt_project", "codebooks", "claims", "dagster.yaml", "workspace.yaml")
_INTERMEDIATE = "dbt_project/models/intermediate"
# File, what stands there, what stands for it: nothing is masked, no name is looked for, ids are hashed without a key,
# and the gate that would find every name does not look.
CHANGES = (
    (
        f"{_INTERMEDIATE}/posts/int_posts__masked.sql",
        "select * from {{ ref('int_posts__kept') }}",
        "select * from {{ ref('int_posts__kept') }} where false",
    ),
    (f"{_INTERMEDIATE}/posts/int_posts__display_name_candidates.sql", "where posts.text <> ''", "where false"),
    (f"{_INTERMEDIATE}/posts/int_display_names__judged.sql", "where posts.text <> ''", "where false"),
    (
        f"{_INTERMEDIATE}/accounts/int_accounts__display_names.sql",
        "from names_unioned\n",
        "from names_unioned\n\n    where false\n",
    ),
    (
        "dbt_project/macros/dialect/keyed_hash.sql",
        "left(sha256({{ key_part('outer') }} || unhex(sha256({{ key_part('inner') }} || encode({{ text }})))), 32)",
        "md5({{ text }})",
    ),
    (
        "expectations/frames/publish__people.sql",
        None,
        "select\n    'social_bi' as subject,\n    0 as private_person_count,\n    0 as small_cell_count,\n"
        "    0 as personal_data_count\n",
    ),
)


@dataclass(frozen=True)
class Compared:
    """Runs of one package, in turn.

    Attributes:
        kept: Runs of the project as it is.
        without: Runs of the copy that protects nobody.
    """

    grown: Grown
    kept: list[Cost]
    without: list[Cost]

    def share(self, of: Callable[[Cost], float]) -> float:
        """By how much of the cheaper run the other is dearer; medians."""
        base = statistics.median(of(cost) for cost in self.without)
        return statistics.median(of(cost) for cost in self.kept) / base - 1


def default_packages() -> list[str]:
    """Made-up texts, of which a third names somebody; and, where the packages are there, real ones."""
    return ["demo", "grailbird_landsurveyorsu"] if shared_data() else ["demo"]


def unprotected_copy(folder: Path) -> Path:
    """Copy the project's code and take pseudonyms and redactions out of the copy.

    Raises:
        ProgramError: A model reads otherwise than this module expects.
    """
    folder.mkdir()
    for name in _CODE:
        source = PROJECT_ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
        else:
            shutil.copyfile(source, folder / name)
    for name, old, new in CHANGES:
        path = folder / name
        text = path.read_text("utf-8")
        if old is not None and text.count(old) != 1:
            raise ProgramError(
                f"{name}: expected once {old!r}; found it {text.count(old)} times. Change bench/privacy.py."
            )
        path.write_text(new if old is None else text.replace(old, new), "utf-8")
    return folder


def compare(package: str, posts: int, folder: Path, repeats: int, say: Callable[[str], None]) -> Compared:
    """Grow a package, run it with and without in turn.

    Raises:
        ProgramError: A run fails, or publishes another number of posts.
    """
    folder.mkdir(parents=True)
    grown = apart(grow, package, posts, folder / "grown")
    copy = unprotected_copy(folder / "copy")
    costs: dict[Path, list[Cost]] = {PROJECT_ROOT: [], copy: []}
    # dbt parses and compiles a project once: not while it is measured
    few = apart(grow, package, 1000, folder / "few")
    for code in costs:
        _run(code, few, folder / "parsed", folder / "run.log")
        shutil.rmtree(folder / "parsed")
    for _ in range(repeats):
        for code, measured in costs.items():
            measured.append(_run(code, grown, folder / "data", folder / "run.log"))
            if (found := published_posts(DataDir(folder / "data"))) != posts:
                problem = f"expected {posts:,} published posts; found {found:,}"
                raise ProgramError(f"{problem}. Look at {folder / 'run.log'}.")
            shutil.rmtree(folder / "data")
            say(f"  {'with' if code == PROJECT_ROOT else 'without'}: {measured[-1].cpu_seconds:.1f} s of CPU")
    return Compared(grown, *costs.values())


def _run(code: Path, grown: Grown, data_dir: Path, log: Path) -> Cost:
    environment = program_environment(DAGSTER_DISABLE_TELEMETRY="yes")
    environment["PYTHONPATH"] = os.pathsep.join([str(code), environment["PYTHONPATH"]])
    suara = [sys.executable, "-m", "orchestration.cli"]
    if owner := OWNERS[grown.package]:
        register = ["accounts", "register", owner, "--kind", "ngo", "--data-dir", str(data_dir)]
        subprocess.run([*suara, *register], env=environment, check=True, stdout=subprocess.DEVNULL, cwd=code)
    return measure([*suara, "run", "--data-dir", str(data_dir), str(grown.capture)], environment, log, cwd=code)


def table(compared: list[Compared], command: str) -> str:
    """All comparisons as Markdown."""
    lines = [
        "# What pseudonyms and redactions cost",
        "",
        f"`{command}`; {platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}. Whole runs of "
        "posts of one registered account, in turn with those of a copy without keys, masking, display names and their "
        "gate; medians.",
        "",
        "| package | posts | runs of each | CPU with | CPU without | more | seconds with | without | more |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for one in compared:
        cells = []
        for of in (lambda cost: cost.cpu_seconds, lambda cost: cost.seconds):
            cells += [f"{statistics.median(map(of, costs)):.1f} s" for costs in (one.kept, one.without)]
            cells.append(f"{one.share(of):.0%}")
        lines.append(f"| {one.grown.package} | {one.grown.posts:,} | {len(one.kept)} | " + " | ".join(cells) + " |")
    worst = max(one.share(lambda cost: cost.cpu_seconds) for one in compared)
    met = "yes" if worst <= AIM_SHARE else "no"
    lines += [
        "",
        "| aim | measured | met |",
        "|---|---:|---|",
        f"| at most {AIM_SHARE:.0%} more CPU | {worst:.0%} | {met} |",
    ]
    return "\n".join(lines) + "\n"
