"""What no file of the repository may hold, and the settings that ship with it."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from orchestration.contract import DBT_PROJECT_DIR, PROJECT_ROOT
from tests.project.support import relative, repository_files

# One character of each word stands in a class, so that this file does not find itself.
FORBIDDEN = {
    "host of a package registry": r"pypi[.]org|pythonhosted[.]org|registry[.]npmjs|anaconda[.]org|proxy[.]golang",
    "index of a package registry": r"^\s*--?(?:extra-)?index-ur[l]\b|^\s*-i\s+https?:|https?://\S+/simpl[e]\b",
    "path of a machine": r"(?<![\w.-])/(?:[w]ork|[r]oot|[h]ome/\w+|[t]mp/x|[t]mp/spec|[U]sers/\w+)(?![\w-])",
    "word about how the work was organised": r"(?i)\b(?:sub-?)?[a]gents?\b|\b[h]elpers?\b|\b[c]laude\b|\b[c]hat ?gpt\b",
}
TEXT_LIMIT = 2_000_000


def _text(path: Path) -> str | None:
    data = path.read_bytes()
    if len(data) > TEXT_LIMIT or b"\0" in data[:8000]:
        return None
    return data.decode("utf-8", errors="replace")


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names_a(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    found = []
    for path in repository_files():
        for match in pattern.finditer(_text(path) or ""):
            found.append(f"{relative(path)}: {match.group(0).strip()}")
    assert not found


def test_no_data_and_nothing_large_is_committed() -> None:
    refused = (".duckdb", ".parquet", ".zip", ".jsonl", ".gz", ".zst", ".whl")
    found = [relative(p) for p in repository_files() if p.suffix in refused or p.stat().st_size > 500_000]
    assert not found


def test_lock_has_a_hash_for_every_package_and_no_address() -> None:
    text = (PROJECT_ROOT / "requirements.lock").read_text("utf-8")
    assert not re.findall(r"https?://|file:|git\+|^\s*(?:-i|--index-url|--extra-index-url|--find-links)", text, re.M)
    entries = re.split(r"\n(?=[A-Za-z0-9])", "\n".join(line for line in text.splitlines() if line[:1] != "#"))
    entries = [entry for entry in entries if entry.strip()]
    assert len(entries) > 100
    assert not [entry.split()[0] for entry in entries if "==" not in entry.split()[0] or "--hash=sha256:" not in entry]


def test_lock_holds_what_the_project_pins() -> None:
    lock = (PROJECT_ROOT / "requirements.lock").read_text("utf-8")
    project = (PROJECT_ROOT / "pyproject.toml").read_text("utf-8")
    pins = re.findall(r'"([\w-]+==[\w.]+)"', project)
    assert len(pins) >= 8
    assert not [pin for pin in pins if not re.search(rf"^{re.escape(pin)}(?![\w.])", lock, re.M)]


def test_dagster_ships_quiet_and_with_one_writer() -> None:
    settings = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text("utf-8"))
    assert settings["telemetry"]["enabled"] is False
    assert settings["nux"]["enabled"] is False
    assert settings["concurrency"]["runs"]["max_concurrent_runs"] == 1
    assert settings["concurrency"]["pools"] == {"default_limit": 1, "granularity": "op"}


def test_workspace_names_the_definitions() -> None:
    workspace = yaml.safe_load((PROJECT_ROOT / "workspace.yaml").read_text("utf-8"))
    assert [entry["python_module"]["module_name"] for entry in workspace["load_from"]] == ["orchestration.definitions"]


def test_dbt_sends_nothing_and_needs_no_package() -> None:
    project = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text("utf-8"))
    assert project["flags"]["send_anonymous_usage_stats"] is False
    assert not list(DBT_PROJECT_DIR.glob("packages.y*ml")) and not list(DBT_PROJECT_DIR.glob("dependencies.y*ml"))


def test_dbt_parses_with_the_projects_own_profile(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DBT_", "SUARA_"))}
    places = ["--project-dir", ".", "--profiles-dir", ".", "--target-path", str(tmp_path / "target")]
    places += ["--log-path", str(tmp_path / "logs")]
    result = subprocess.run(
        [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--warn-error", "parse", *places],
        cwd=DBT_PROJECT_DIR,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout[-3000:]
    assert (tmp_path / "target" / "manifest.json").exists()


def test_rooms_import_downwards_only() -> None:
    command = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([str(command), "--no-cache"], cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-3000:]


def test_every_room_stands_in_the_import_contract() -> None:
    rooms = {p.stem for p in (PROJECT_ROOT / "orchestration").iterdir() if p.suffix == ".py" or p.is_dir()}
    rooms -= {"__init__", "__pycache__"}
    text = (PROJECT_ROOT / "pyproject.toml").read_text("utf-8")
    layers = re.search(r'type = "layers"\s*layers = \[(.*?)\]', text, re.S)
    assert layers
    assert rooms == set(re.findall(r"orchestration\.(\w+)", layers[1]))


def _seed(name: str) -> list[dict[str, str]]:
    with (DBT_PROJECT_DIR / "seeds" / "codebook" / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _codes(requires: str) -> list[str]:
    """The theme codes among what a term requires; the other alternatives are words."""
    return [part for part in requires.split("|") if re.fullmatch(r"[A-Z]{3}(?:[.][A-Z]+)*", part)]


def test_every_theme_named_in_the_codebook_exists() -> None:
    themes = {row["theme_code"] for row in _seed("codebook_themes")}
    assert len(themes) == len(_seed("codebook_themes"))
    named = {(row["term_id"], row["theme_code"]) for row in _seed("codebook_terms")}
    named |= {(r["term_id"], code) for r in _seed("codebook_terms") for code in _codes(r["requires"])}
    named |= {(row["exclusion_id"], row["theme_code"]) for row in _seed("codebook_exclusions")}
    named |= {(r["theme_code"], r["parent_code"]) for r in _seed("codebook_themes") if r["parent_code"]}
    assert not sorted(pair for pair in named if pair[1] not in themes)


def test_codebook_ids_are_unique_and_begin_with_their_theme() -> None:
    for name, key in (("codebook_terms", "term_id"), ("codebook_exclusions", "exclusion_id")):
        rows = _seed(name)
        ids = [row[key] for row in rows]
        assert len(ids) == len(set(ids)), name
        assert not [row[key] for row in rows if not row[key].startswith(f"{row['theme_code']}:")], name


def test_codebook_has_one_version() -> None:
    versions = {
        row["codebook_version"]
        for name in ("codebook_themes", "codebook_terms", "codebook_exclusions")
        for row in _seed(name)
    }
    assert len(versions) == 1
