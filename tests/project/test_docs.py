"""The docs promise only what exists, and name everything that does."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import click
import pytest

from docs import generate
from expectations.catalog import CATALOG
from orchestration.cli import main
from orchestration.contract import PROJECT_ROOT
from tests.project.support import blocks, commands_in, layer, manifest, models, pages, relative, written_pages

DOCS = PROJECT_ROOT / "docs"
README = PROJECT_ROOT / "README.md"

PAGES = [
    "tutorial/first-warehouse.md",
    "tutorial/from-a-spreadsheet.md",
    "how-to/load-your-archive.md",
    "how-to/load-other-exports.md",
    "how-to/look-at-a-quarantined-capture.md",
    "how-to/add-a-connector.md",
    "how-to/connect-a-bi-tool.md",
    "how-to/use-superset.md",
    "how-to/switch-on-inbox-and-schedule.md",
    "how-to/change-the-study-settings.md",
    "how-to/change-the-codebook.md",
    "how-to/validate-the-codebook.md",
    "how-to/let-the-machine-propose.md",
    "how-to/take-the-network-to-gephi.md",
    "how-to/state-a-claim.md",
    "how-to/answer-a-request.md",
    "explanation/gates.md",
    "explanation/numbers.md",
    "explanation/differences.md",
    "explanation/codebook.md",
    "explanation/proposals.md",
    "explanation/entities.md",
    "explanation/networks.md",
    "explanation/claims.md",
    "explanation/privacy.md",
    "explanation/data-protection.md",
    "reference/tables.md",
    "reference/gates.md",
    "reference/commands.md",
    "reference/assets.md",
]
_ids = {"ids": relative}


@pytest.mark.parametrize("name", PAGES)
def test_page_exists_and_is_linked_from_the_index(name: str) -> None:
    assert (DOCS / name).is_file()
    assert f"]({name})" in (DOCS / "README.md").read_text("utf-8")


def test_every_decision_stands_in_their_list() -> None:
    folder = DOCS / "decisions"
    listed = set(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text("utf-8")))
    assert listed == {path.name for path in folder.glob("[0-9]*.md")}


@pytest.mark.parametrize("path", sorted((DOCS / "decisions").glob("[0-9]*.md")), ids=lambda path: path.stem)
def test_decision_is_dated_and_has_its_three_parts(path: Path) -> None:
    text = path.read_text("utf-8")
    assert re.search(r"^20\d\d-\d\d-\d\d", text, re.M)
    assert re.findall(r"^## (.+)$", text, re.M)[:3] == ["Context", "Decision", "Consequences"]


@pytest.mark.parametrize("page", pages(), **_ids)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        found = (page.parent / name) if name else page
        if not found.exists():
            broken.append(target)
        elif anchor and found.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", found.read_text("utf-8"), re.M)
            if anchor not in {generate.anchor(heading.replace("`", "")) for heading in headings}:
                broken.append(target)
    assert not broken


# ---------- commands


def _make_targets() -> set[str]:
    text = (PROJECT_ROOT / "Makefile").read_text("utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", text, re.M))


def _make_variables() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)\s*[?:]?=", (PROJECT_ROOT / "Makefile").read_text("utf-8"), re.M))


def wrong_command(words: list[str]) -> str | None:
    """What is wrong with a command of the docs, or None. Commands of other programs are not judged."""
    program, rest = words[0], words[1:]
    if program == "make":
        targets = [word for word in rest if "=" not in word and not word.startswith("-")]
        variables = [word.split("=")[0] for word in rest if "=" in word]
        missing = [t for t in targets if t not in _make_targets()] + [
            v for v in variables if v not in _make_variables()
        ]
        return f"make knows no {', '.join(missing)}" if missing else None
    if program == "suara" and rest and not rest[0].startswith("-"):
        command = main.commands.get(rest[0])
        if command is None:
            return f"suara knows no {rest[0]}"
        if isinstance(command, click.Group):
            if len(rest) < 2 or rest[1] not in command.commands:
                return f"suara {rest[0]} knows no {' '.join(rest[1:2]) or 'such use'}"
            command, rest = command.commands[rest[1]], rest[1:]
        known = {o for p in command.params if isinstance(p, click.Option) for o in p.opts} | {"-h", "--help"}
        unknown = [w.split("=")[0] for w in rest[1:] if w.startswith("-") and w.split("=")[0] not in known]
        return f"suara {rest[0]} knows no {', '.join(unknown)}" if unknown else None
    if program.startswith("python") and rest[:1] == ["-m"]:
        try:
            known_module = importlib.util.find_spec(rest[1]) is not None
        except ModuleNotFoundError:
            known_module = False
        return None if known_module else f"there is no module {rest[1]}"
    return None


@pytest.mark.parametrize("page", pages(), **_ids)
def test_commands_exist(page: Path) -> None:
    wrong = [f"{where}: {told}" for where, words in commands_in(page) if words and (told := wrong_command(words))]
    assert not wrong


def not_said(words: list[str]) -> list[str]:
    """Options that a command to type must have, and has not."""
    command: click.Command = main
    rest = words[1:]
    while isinstance(command, click.Group) and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    required = [p for p in command.params if isinstance(p, click.Option) and p.required]
    return [option.opts[0] for option in required if not {word.split("=")[0] for word in rest} & set(option.opts)]


@pytest.mark.parametrize("page", pages(), **_ids)
def test_commands_to_type_have_every_option_that_they_need(page: Path) -> None:
    in_blocks = [(where, words) for where, words in commands_in(page) if where != relative(page)]
    missing = [
        f"{where}: suara {' '.join(words[1:])}"
        for where, words in in_blocks
        if words[:1] == ["suara"] and not_said(words)
    ]
    assert not missing


@pytest.mark.parametrize("page", pages(), **_ids)
def test_checks_in_shown_output_exist(page: Path) -> None:
    """What a page shows of a run names checks of today: one that was taken out has not been typed again."""
    shown = "\n".join(block.text for block in blocks(page, "text"))
    names = re.findall(r"\bcheck (\w+) \((?:critical|warning)\)|^ +(?:warned|FAILED) +\w+: (\w+)", shown, re.M)
    assert {"".join(name) for name in names} <= {check.name for check in CATALOG}


def test_the_judge_of_commands_can_refuse() -> None:
    assert wrong_command(["make", "nothing"])
    assert wrong_command(["make", "run", "CAPTURE=x"])
    assert wrong_command(["suara", "publish"])
    assert wrong_command(["suara", "run", "--force"])
    assert wrong_command(["suara", "codebook", "publish"])
    assert wrong_command(["suara", "codebook", "check", "--force"])
    assert wrong_command(["suara", "coding", "predict"])
    assert wrong_command(["suara", "coding", "import", "--force"])
    assert wrong_command(["python", "-m", "orchestration.nothing"])
    assert not wrong_command(["suara", "run", "--study", "demo", "a.zip"])
    assert not wrong_command(["suara", "coding", "import", "--replace", "a.xlsx"])


def test_readme_opens_with_one_command_and_one_picture() -> None:
    text = README.read_text("utf-8")
    assert "make run" in text
    pictures = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", text)
    assert len(pictures) == 1
    words, name = pictures[0]
    assert "synthetic" in words.lower()
    assert (PROJECT_ROOT / name).stat().st_size < 200_000


# ---------- everything is named


def _words_of(*paths: Path) -> str:
    return "\n".join(path.read_text("utf-8") for path in paths)


def test_docs_name_every_check_of_every_gate() -> None:
    text = _words_of(DOCS / "reference" / "gates.md")
    assert len(CATALOG) > 20
    assert not [check.name for check in CATALOG if f"### {check.name}\n" not in text]
    assert not [check.name for check in CATALOG if check.why not in text or check.next_step not in text]


def test_docs_name_every_published_table() -> None:
    text = _words_of(DOCS / "reference" / "tables.md")
    published = models("marts", "quality", "reports").values()
    assert not [n["name"] for n in published if f"### {layer(n)}.{n['name']}\n" not in text]


def test_written_pages_name_every_mart() -> None:
    text = _words_of(*written_pages())
    assert not [node["name"] for node in models("marts").values() if f"{node['name']}`" not in text]


def test_docs_name_every_asset() -> None:
    text = _words_of(DOCS / "reference" / "assets.md")
    named = {f"| `{n['schema']}/{n['name']}` |" for n in models().values()}
    assert not [line for line in named if line not in text]


def test_written_pages_name_only_tables_that_exist() -> None:
    known = {f"{n['schema']}.{n['name']}" for n in manifest()["nodes"].values() if n["resource_type"] != "test"}
    known |= {f"raw.{n['name']}" for n in manifest()["sources"].values()}
    known |= {"quality.release", "quality.release_tables", "raw.steps", "raw.schema_version"}
    pattern = re.compile(r"`((?:raw|staging|intermediate|marts|quality|reports|reference)\.[a-z_0-9]+)(?:\.[a-z_]+)?`")
    wrong = [
        f"{relative(page)}: {name}"
        for page in written_pages()
        for name in pattern.findall(page.read_text("utf-8"))
        if name not in known
    ]
    assert not wrong


def test_reference_is_what_the_code_says() -> None:
    outdated = generate.stale(generate.pages())
    assert not outdated, "stale: run `make docs`"


# ---------- changelog


def test_changelog_has_a_version_and_a_table_of_schema_changes() -> None:
    text = _words_of(PROJECT_ROOT / "CHANGELOG.md")
    versions = re.findall(r"^## (\d+\.\d+\.\d+)", text, re.M)
    assert versions == sorted(versions, key=lambda v: [int(part) for part in v.split(".")], reverse=True)
    project = (PROJECT_ROOT / "pyproject.toml").read_text("utf-8")
    assert versions[0] == re.search(r'^version = "([\d.]+)"', project, re.M)[1]
    assert "| model | change | old | new | full refresh? |" in text
