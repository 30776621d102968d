"""A codebook as YAML, the way a person would write it.

Belongs here: the layout of the file. Does not belong here: what a codebook may say (`reading`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import yaml

from orchestration.codebook.model import Codebook, Term, Theme


def as_yaml(codebook: Codebook) -> str:
    """The YAML of a codebook: the same bytes for the same codebook. Comments of a file it came from are lost."""
    return document_yaml(document(codebook))


def document(codebook: Codebook) -> dict[str, Any]:
    """A codebook as plain lists and mappings, keyed and ordered as in the file."""
    head = {
        "id": codebook.id,
        "version": codebook.version,
        "title": codebook.title,
        "languages": _ListOnOneLine(codebook.languages),
        "note": codebook.note,
    }
    names = {condition.any_of: condition.name for condition in codebook.conditions}
    return _filled(
        {
            "codebook": _filled(head),
            "facets": {facet.code: OnOneLine(facet.label) for facet in codebook.facets},
            "conditions": {condition.name: _ListOnOneLine(condition.any_of) for condition in codebook.conditions},
            "themes": [theme_document(theme, names) for theme in codebook.themes],
        }
    )


def theme_document(theme: Theme, names: Mapping[tuple[str, ...], str]) -> dict[str, Any]:
    """One theme; `names` gives the names of lists of conditions."""
    include: dict[str, list[Any]] = {}
    plain = (t for t in theme.terms if not t.is_hashtag and not t.is_regex and t.near is None)
    for language, terms in groupby(plain, key=lambda t: t.language):
        include.setdefault(language, []).extend(_entries(terms, names))
    return _filled(
        {
            "code": theme.code,
            "parent": theme.parent,
            "facet": theme.facet,
            "label": OnOneLine(theme.label),
            "definition": dict(theme.definition),
            "standards": list(theme.standards),
            "note": theme.note,
            "examples": list(theme.examples),
            "organisations_only": theme.organisations_only,
            "include": include,
            "hashtags": list(_entries((t for t in theme.terms if t.is_hashtag), names)),
            "near": [_near(term, names) for term in theme.terms if term.near is not None],
            "regex": list(_entries((t for t in theme.terms if t.is_regex), names)),
            "exclude": [OnOneLine(phrase=e.phrase, reason=e.reason) for e in theme.exclusions],
        }
    )


def _entries(terms: Iterable[Term], names: Mapping[tuple[str, ...], str]) -> list[Any]:
    """Terms in their order; neighbours under the same condition stand together."""
    entries: list[Any] = []
    for (requires, case_sensitive), group in groupby(terms, key=lambda t: (t.requires, t.case_sensitive)):
        words = [term.term for term in group]
        if not requires and not case_sensitive:
            entries += words
            continue
        condition = names.get(requires) or _ListOnOneLine(requires)
        entries.append(_filled({"requires": condition, "case_sensitive": case_sensitive, "terms": words}))
    return entries


def _near(term: Term, names: Mapping[tuple[str, ...], str]) -> OnOneLine:
    assert term.near is not None
    rule = {"a": _ListOnOneLine(term.near.a), "b": _ListOnOneLine(term.near.b), "window": term.near.window}
    requires = names.get(term.requires) or _ListOnOneLine(term.requires)
    return OnOneLine(_filled({**rule, "requires": requires}))


def _filled(mapping: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if value not in (None, "", [], {}, False)}


class OnOneLine(dict[str, Any]):
    """A mapping that is written as {key: value}."""


class _ListOnOneLine(list[str]):
    """A list that is written as [one, two]."""


class _Dumper(yaml.SafeDumper):
    """Lists are indented below their key; nothing is written as a reference to something else."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(
    OnOneLine, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True)
)
_Dumper.add_representer(
    _ListOnOneLine, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)
)


def document_yaml(content: Mapping[str, Any]) -> str:
    """The file of a document: its parts, and its themes, with a blank line between them."""
    parts = [dump({key: value}) for key, value in content.items() if key != "themes"]
    themes = [dump([theme]) for theme in content.get("themes", [])]
    indented = ["".join(f"  {line}" if line.strip() else line for line in t.splitlines(keepends=True)) for t in themes]
    return "\n".join([*parts, "themes:\n" + "\n".join(indented)]) if themes else "\n".join(parts)


def dump(content: Any) -> str:
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False)
