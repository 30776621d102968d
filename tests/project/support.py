"""What several project tests read: the files of the repository, its pages, dbt's manifest.

Belongs here: finding and cutting up files. Does not belong here: assertions.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from orchestration.contract import PROJECT_ROOT

# What `git ls-files` leaves out, for a checkout without git.
_IGNORED = {".git", ".venv", "data", "target", "logs", "__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis"}


@cache
def repository_files() -> tuple[Path, ...]:
    """Every file that belongs to the repository, committed or about to be."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=PROJECT_ROOT,
            capture_output=True,
            check=True,
        ).stdout.decode()
        paths = [PROJECT_ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        paths = [p for p in PROJECT_ROOT.rglob("*") if not _IGNORED & set(p.relative_to(PROJECT_ROOT).parts)]
    return tuple(sorted(path for path in paths if path.is_file()))


def relative(path: Path) -> str:
    return path.relative_to(PROJECT_ROOT).as_posix()


@cache
def pages() -> tuple[Path, ...]:
    """README, CHANGELOG and every page below docs."""
    names = [PROJECT_ROOT / "README.md", PROJECT_ROOT / "CHANGELOG.md"]
    return (*names, *sorted((PROJECT_ROOT / "docs").rglob("*.md")))


def written_pages() -> tuple[Path, ...]:
    """The pages that a person writes: all but docs/reference."""
    return tuple(page for page in pages() if "reference" not in page.parts)


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*\n(?P<text>.*?)^ *```\s*?$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, *languages: str) -> Iterator[Block]:
    """The fenced blocks of a page, of some languages or of all."""
    content = page.read_text("utf-8")
    for match in _FENCE.finditer(content):
        if not languages or match["language"] in languages:
            indent = len(match["indent"])
            text = "\n".join(line[indent:] for line in match["text"].splitlines())
            yield Block(relative(page), content.count("\n", 0, match.start()) + 1, match["language"], text)


def all_blocks(*languages: str) -> list[Block]:
    return [block for page in pages() for block in blocks(page, *languages)]


_SHELL = ("bash", "sh", "console", "shell")
_INLINE = re.compile(r"`((?:make|suara|python -m|\.venv/bin/\w+) [^`\n]+|make|suara)`")


def commands_in(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Commands that a page tells to type: lines of shell blocks, and inline code that starts like one."""
    for block in blocks(page, *_SHELL):
        for line in block.text.replace("\\\n", " ").splitlines():
            text = line.strip().removeprefix("$ ")
            if text and not text.startswith("#"):
                yield str(block), _words(text)
    prose = _FENCE.sub("", page.read_text("utf-8"))
    for match in _INLINE.finditer(prose):
        yield relative(page), _words(match[1])


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        words = text.split()
    return [words[0].removeprefix(".venv/bin/"), *words[1:]] if words else []


@cache
def manifest() -> dict[str, Any]:
    from orchestration.resources.dbt import Dbt

    return Dbt().manifest_json()


def layer(node: dict[str, Any]) -> str:
    """The folder of models that a node lies in, which is also its layer."""
    return node["fqn"][1]


def models(*layers: str) -> dict[str, dict[str, Any]]:
    """Models by dbt's id, of some layers or of all."""
    return {
        unique_id: node
        for unique_id, node in manifest()["nodes"].items()
        if node["resource_type"] == "model" and (not layers or layer(node) in layers)
    }
