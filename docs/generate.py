"""Write docs/reference from what the code says about itself: `python -m docs.generate` (or `make docs`).

Belongs here: turning the models' descriptions, the catalog of checks, the commands' help and the asset graph
into Markdown, the same bytes on every machine.
Does not belong here: the words themselves (they live beside the models, checks and commands), and any page
that a person writes.

`python -m docs.generate --check` writes nothing and fails when a page is not what the code says.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.contract import LAYERS, PROJECT_ROOT

if TYPE_CHECKING:
    import click

REFERENCE = Path(__file__).resolve().parent / "reference"
NOTE = "<!-- Written by `python -m docs.generate`; change the code that it describes, not this page. -->"
HELP_WIDTH = 100

_GATE_WORDS = {
    "raw": "Was every delivered record read, and are the ids intact? One outcome per check and capture.",
    "staging": "Are the posts what the contract says, and are their times true? One outcome per check and capture.",
    "marts": "Do the tables agree with each other and with what was loaded? One outcome per check.",
    "publish": "Is what readers are about to get whole, audited and the same as the warehouse? One outcome per check.",
}
_SHOWN_LAYERS = ("capture", *LAYERS, "reference", "publish")


def pages() -> dict[str, str]:
    """Every page of docs/reference by file name."""
    from orchestration.resources.dbt import Dbt

    manifest = Dbt().manifest_json()
    return {
        "tables.md": tables_page(),
        "gates.md": gates_page(manifest),
        "commands.md": commands_page(),
        "assets.md": assets_page(),
    }


# ---------- tables


def tables_page() -> str:
    """Every published table with grain, key and columns."""
    from orchestration.publishing.descriptions import Descriptions
    from orchestration.publishing.dictionary import dictionary_markdown
    from orchestration.publishing.published_file import RELEASE_TABLE, RELEASE_TABLES_TABLE
    from orchestration.resources.manifest import prepare_manifest

    models = Descriptions.from_manifest(prepare_manifest())
    everything = Descriptions((*models.tables, RELEASE_TABLE, RELEASE_TABLES_TABLE))
    index = [f"- [`{t.qualified_name}`](#{anchor(t.qualified_name)})" for t in everything.tables]
    return _page(
        "Tables",
        "Every table of `data/published/social_bi.duckdb`. The same words stand as comments in the file itself and in "
        "`data/published/data_dictionary.html`. What the counts mean: "
        "[Reading the numbers](../explanation/numbers.md).",
        "",
        *index,
        "",
        dictionary_markdown(everything),
    )


# ---------- gates


def gates_page(manifest: Mapping[str, Any]) -> str:
    """Every check of every gate, dbt's tests and the thresholds."""
    from expectations.catalog import GATES, for_gate
    from expectations.thresholds import THRESHOLDS
    from orchestration.checks import READABLE, READABLE_TEXT
    from orchestration.deletion.begun import CARRIED_OUT, CARRIED_OUT_TEXT
    from orchestration.deletion.gate import FORGOTTEN, FORGOTTEN_TEXT
    from orchestration.deletion.retention import RETENTION, RETENTION_TEXT
    from orchestration.warehouse.gates import FRESH, FRESH_TEXT

    limits = {name: limit.value for name, limit in THRESHOLDS.items()}
    lines = [
        "How a gate works, and what follows from a failure: [Gates](../explanation/gates.md). A *critical* failure "
        "keeps a capture out, or stops the step; a *warning* is shown, recorded, and goes on.",
        "",
        "## Before the gates",
        "",
        f"`{READABLE}` (critical, on `captures` and on each raw asset): {READABLE_TEXT}",
        "",
        f"`{RETENTION}` (warning, on `captures`): {RETENTION_TEXT}",
        "",
    ]
    for gate in GATES:
        lines += [f"## Gate `{gate}`", "", _GATE_WORDS[gate], ""]
        if gate == "publish":
            lines += [f"`{FRESH}` (critical, timeliness): {FRESH_TEXT}", ""]
            lines += [f"`{FORGOTTEN}` (critical, integrity): {FORGOTTEN_TEXT}", ""]
            lines += [f"`{CARRIED_OUT}` (warning, integrity): {CARRIED_OUT_TEXT}", ""]
        for check in for_gate(gate):
            lines += [
                f"### {check.name}",
                "",
                f"*{check.severity}, {check.dimension}, on `{check.asset}`.* {check.why}",
                "",
                f"- expected: {check.expected.format(**limits)}",
                f"- if it fails: {check.next_step}",
                "",
            ]
    lines += [
        "## Thresholds",
        "",
        "| name | value | unit | why the line is there |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{limit.name}` | {limit.value} | {limit.unit} | {_cell(limit.reason)} Measured {limit.measured_on}. |"
        for _, limit in sorted(THRESHOLDS.items())
    ]
    lines += ["", "## dbt's own tests", "", *_dbt_tests(manifest)]
    return _page("Gates and checks", *lines)


def _dbt_tests(manifest: Mapping[str, Any]) -> list[str]:
    """dbt's data tests by model; they run on the candidate with the step that builds the model."""
    rows: dict[str, list[str]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] != "test":
            continue
        owner = node.get("attached_node") or next(iter(node["depends_on"]["nodes"]), "")
        model = manifest["nodes"].get(owner)
        name = f"{model['schema']}.{model['name']}" if model else owner.split(".")[-1]
        severity = "critical" if node["config"]["severity"].lower() == "error" else "warning"
        what = _cell(node.get("description") or "") or _test_words(node)
        rows.setdefault(name, []).append(f"| `{name}` | {what} | {severity} |")
    lines = [
        "They run on the candidate, with the step that builds their model; `error` is critical, `warn` is a warning.",
        "",
        "| table | test | severity |",
        "|---|---|---|",
    ]
    return [*lines, *[row for name in sorted(rows) for row in sorted(set(rows[name]))]]


def _test_words(node: Mapping[str, Any]) -> str:
    """A generic test in words: its name and its arguments."""
    generic = node.get("test_metadata")
    if not generic:
        return f"`{node['name']}`"
    arguments = {k: v for k, v in (generic.get("kwargs") or {}).items() if k != "model"}
    if "arguments" in arguments:
        arguments = {**arguments, **arguments.pop("arguments")}
    column = arguments.pop("column_name", None) or node.get("column_name")
    words = f"`{column}` " if column else ""
    words += generic["name"].replace("_", " ")
    shown = [f"{name}: {_plain(value)}" for name, value in sorted(arguments.items()) if value is not None]
    return _cell(words + (f" ({'; '.join(shown)})" if shown else ""))


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    text = " ".join(str(value).split())
    reference = re.fullmatch(r"\{?\{?\s*(?:ref|source)\((.+)\)\s*\}?\}?", text)
    return reference.group(1).replace("'", "").replace('"', "") if reference else text


# ---------- commands


def commands_page() -> str:
    """The make targets and the help of every `suara` command."""
    import click

    from orchestration.cli import main

    lines = ["## make", "", "| target | what it does |", "|---|---|"]
    lines += [f"| `make {name}` | {_cell(text)} |" for name, text in make_targets().items()]
    lines += [
        "",
        "Variables: `CAPTURES` (files, separated by blanks), `STUDY`, `DATA_DIR`, `PORT` (of Superset), `PYTHON`.",
        "",
        "## suara",
        "",
        "Installed into `.venv/bin` by every make target that needs it.",
        "",
    ]
    settings = {**main.context_settings, "terminal_width": HELP_WIDTH, "max_content_width": HELP_WIDTH}
    parent = click.Context(main, info_name="suara", **settings)
    lines += ["```text", main.get_help(parent), "```", ""]
    return _page("Commands", *lines, *_help_of_commands(parent, settings))


def _help_of_commands(parent: click.Context, settings: Mapping[str, Any]) -> list[str]:
    """The help of the commands of a group, and of those of groups in it."""
    import click

    group, lines = parent.command, []
    assert isinstance(group, click.Group)
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=parent, **settings)
        lines += [f"### {context.command_path}", "", "```text", command.get_help(context), "```", ""]
        if isinstance(command, click.Group):
            lines += _help_of_commands(context, settings)
    return lines


def make_targets(makefile: Path = PROJECT_ROOT / "Makefile") -> dict[str, str]:
    """The documented targets of the Makefile."""
    pattern = re.compile(r"^([a-z][a-z-]*):[^#=]*##\s*(.+)$", re.MULTILINE)
    return dict(pattern.findall(makefile.read_text("utf-8")))


# ---------- assets


def assets_page() -> str:
    """Every asset by group: what it is, what it is made from, how many checks stand on it."""
    from orchestration.definitions import build_defs

    graph = build_defs().resolve_asset_graph()
    groups: dict[str, list[Any]] = {}
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        groups.setdefault(node.group_name or "default", []).append(node)
    lines = [
        "What the asset graph of the Dagster UI shows. Groups, schemas and key prefixes carry the same words; all "
        "assets of a step are built on one candidate and take effect together ([Gates](../explanation/gates.md)).",
        "",
    ]
    known = [name for name in _SHOWN_LAYERS if name in groups]
    for group in [*known, *sorted(set(groups) - set(known))]:
        lines += [f"## {group}", "", "| asset | what it is | made from | checks |", "|---|---|---|---|"]
        for node in sorted(groups[group], key=lambda node: node.key.to_user_string()):
            parents = sorted(key.to_user_string() for key in node.parent_entity_keys if hasattr(key, "path"))
            shown = ", ".join(f"`{parent}`" for parent in parents) or "-"
            if group == "publish":
                shown = "every table of `marts`, `quality` and `reports`"
            what = _cell(_first_sentence(node.description or ""))
            lines.append(f"| `{node.key.to_user_string()}` | {what} | {shown} | {len(node.check_keys)} |")
        lines.append("")
    return _page("Assets", *lines)


# ---------- writing


def _page(title: str, *lines: str) -> str:
    text = "\n".join([f"# {title}", "", NOTE, "", *lines])
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _first_sentence(text: str) -> str:
    # dagster-dbt appends the columns' and the SQL's text after an empty line.
    flat = " ".join(text.split("\n\n")[0].split())
    match = re.match(r".*?[.!?](?=\s|$)", flat)
    return match.group(0) if match else flat


def anchor(heading: str) -> str:
    """The anchor that Git hosts give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def stale(found: Mapping[str, str], folder: Path = REFERENCE) -> list[str]:
    """Names of pages that are missing, differ from `found`, or that nothing writes any more."""
    here = {path.name for path in folder.glob("*.md")}
    differing = [n for n, text in found.items() if n not in here or (folder / n).read_text("utf-8") != text]
    return sorted({*differing, *(here - set(found))})


def main(arguments: Iterable[str] = ()) -> int:
    """Write the pages, or with `--check` only say which are stale."""
    found = pages()
    outdated = stale(found)
    if "--check" in arguments:
        print("\n".join(f"{REFERENCE.name}/{name} is stale" for name in outdated) or "docs/reference is current")
        return 1 if outdated else 0
    REFERENCE.mkdir(exist_ok=True)
    for name, text in found.items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
    print(f"wrote {len(found)} pages to docs/reference: {_told(outdated)}")
    return 0


def _told(outdated: Sequence[str]) -> str:
    return f"changed {', '.join(outdated)}" if outdated else "nothing had changed"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
