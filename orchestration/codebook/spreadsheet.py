"""A codebook as one table, for a spreadsheet: a row for each term, and rows for whatever terms belong to.

Belongs here: the columns, their reading and writing. Does not belong here: what a codebook may say (`reading`).
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Mapping
from dataclasses import replace

from orchestration.codebook.model import (
    HASHTAG,
    NEAR,
    PHRASE,
    REGEX,
    WILDCARD,
    WORD,
    Codebook,
    Condition,
    Exclusion,
    Facet,
    Near,
    Term,
    Theme,
)
from orchestration.contract import InputError

TERM_KINDS = (WORD, PHRASE, WILDCARD, HASHTAG, NEAR, REGEX)
KINDS = ("codebook", "facet", "conditions", "theme", *TERM_KINDS, "exclusion")
_BEFORE = ("code", "kind", "language", "term", "case_sensitive", "requires", "reason", "parent", "facet")
_AFTER = ("standards", "note", "examples", "organisations_only", "title", "version")
_NEEDED = ("code", "kind", "term")
# Several in one cell; examples are sentences, so each stands on a line of its own.
_STANDARDS, _CONDITIONS, _EXAMPLES = "; ", "|", "\n"
_TRUE, _FALSE = ("true", "1", "yes", "wahr", "benar"), ("", "false", "0", "no", "falsch", "salah")


def as_csv(codebook: Codebook) -> str:
    """The table, UTF-8 text with a byte order mark so that Excel reads it as such; lines end as CSV's do."""
    labels = [f"label_{language}" for language in codebook.languages]
    definitions = [f"definition_{language}" for language in codebook.languages]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*_BEFORE, *labels, *definitions, *_AFTER], restval="", lineterminator="\r\n")
    writer.writeheader()
    head = {"title": codebook.title, "version": codebook.version, "note": codebook.note}
    writer.writerow({"code": codebook.id, "kind": "codebook", **head})
    for facet in codebook.facets:
        writer.writerow({"code": facet.code, "kind": "facet", **_cells("label", facet.label)})
    for condition in codebook.conditions:
        any_of = _CONDITIONS.join(condition.any_of)
        writer.writerow({"code": condition.name, "kind": "conditions", "requires": any_of})
    for theme in codebook.themes:
        writer.writerow(
            {
                "code": theme.code,
                "kind": "theme",
                "parent": theme.parent or "",
                "facet": theme.facet,
                **_cells("label", theme.label),
                **_cells("definition", theme.definition),
                "standards": _STANDARDS.join(theme.standards),
                "note": theme.note,
                "examples": _EXAMPLES.join(theme.examples),
                "organisations_only": "true" if theme.organisations_only else "",
            }
        )
        for term in theme.terms:
            writer.writerow(
                {
                    "code": theme.code,
                    "kind": term.kind,
                    "language": term.language,
                    "term": term.term,
                    "case_sensitive": "true" if term.case_sensitive else "",
                    "requires": _CONDITIONS.join(term.requires),
                }
            )
        for exclusion in theme.exclusions:
            row = {"code": theme.code, "kind": "exclusion", "term": exclusion.phrase, "reason": exclusion.reason}
            writer.writerow(row)
    return "\ufeff" + text.getvalue()


def _cells(name: str, by_language: Mapping[str, str]) -> dict[str, str]:
    return {f"{name}_{language}": text for language, text in by_language.items()}


def from_csv(text: str, name: str) -> Codebook:
    """The codebook of a table, not yet checked. The delimiter may be `,`, `;` or a tab.

    Raises:
        InputError: A column or a kind that is unknown, a row that belongs to no theme; the error names the line.
    """
    return _Table(name).read(text.removeprefix("\ufeff"))


class _Table:
    def __init__(self, name: str) -> None:
        self._name = name

    def _refuse(self, line: int, expected: str, found: str, next_step: str) -> InputError:
        return InputError(
            file=f"{self._name}, line {line}", expected=expected, found=found, next_step=next_step, code="bad_codebook"
        )

    def read(self, text: str) -> Codebook:
        first = text.split("\n", 1)[0]
        delimiter = max(",;\t", key=first.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        numbered: list[tuple[int, list[str]]] = []
        line = 1
        try:
            for cells in reader:
                numbered.append((line, [cell.strip() for cell in cells]))
                line = reader.line_num + 1  # a cell may hold several lines
        except csv.Error as error:
            raise self._refuse(line, "a table in CSV", str(error), "Save the table as CSV again.") from error
        header = numbered[0][1] if numbered else []
        languages = self._languages(header)
        rows = []
        for line, cells in numbered[1:]:
            if any(cells[len(header) :]):
                found = f"{len(cells)} cells under {len(header)} columns"
                step = "Put texts that hold the delimiter in quotes."
                raise self._refuse(line, "no more cells than columns", found, step)
            if any(cells):
                padded = [*cells, *[""] * (len(header) - len(cells))]
                rows.append((line, dict(zip(header, padded, strict=False))))
        return self._codebook(rows, languages)

    def _languages(self, header: list[str]) -> tuple[str, ...]:
        languages = [c.removeprefix("label_") for c in header if c.startswith("label_")]
        by_language = [f"{what}_{language}" for what in ("label", "definition") for language in languages]
        known = (*_BEFORE, *by_language, *_AFTER)
        for place, column in enumerate(header):
            if column and column in header[:place]:
                raise self._refuse(1, "each column once", f"{column} a second time", "Delete one of the two.")
            if column and column not in known:
                meant = difflib.get_close_matches(column, known, n=1)
                hint = f" (did you mean {meant[0]}?)" if meant else ""
                step = "Rename or delete the column; `suara codebook export` writes a table with every one."
                raise self._refuse(1, f"one of the columns {', '.join(known)}", f"{column}{hint}", step)
        for column in (*_NEEDED, "label_…"):
            if column not in header and not (column == "label_…" and languages):
                step = "See `suara codebook export --format csv`."
                raise self._refuse(1, f"a column {column}", "none", step)
        return tuple(languages)

    def _codebook(self, rows: list[tuple[int, dict[str, str]]], languages: tuple[str, ...]) -> Codebook:
        head: dict[str, str] = {}
        facets: list[Facet] = []
        conditions: list[Condition] = []
        themes: list[Theme] = []
        for line, row in rows:
            kind, code = row.get("kind", ""), row.get("code", "")
            if kind not in KINDS:
                raise self._refuse(line, f"a kind: {', '.join(KINDS)}", kind or "an empty cell", "Correct the cell.")
            if kind == "codebook":
                head = row
            elif kind == "facet":
                facets.append(Facet(code, _by_language(row, "label", languages)))
            elif kind == "conditions":
                conditions.append(Condition(code, _list(row, "requires", _CONDITIONS)))
            elif kind == "theme":
                themes.append(self._theme(line, row, languages))
        if not head:
            raise self._refuse(1, "a row of the kind codebook, with code, title and version", "none", "Add it.")
        places = {theme.code: place for place, theme in reversed(list(enumerate(themes)))}
        for line, row in rows:
            if row["kind"] not in (*TERM_KINDS, "exclusion"):
                continue
            place = places.get(row.get("code", ""))
            if place is None:
                step = "Correct the code, or add a row of the kind theme."
                raise self._refuse(line, "the code of a theme", row.get("code") or "an empty cell", step)
            themes[place] = self._with_term(themes[place], line, row)
        return Codebook(
            id=head.get("code", ""),
            version=head.get("version", ""),
            title=head.get("title", ""),
            note=head.get("note", ""),
            languages=languages,
            facets=tuple(facets),
            conditions=tuple(conditions),
            themes=tuple(themes),
        )

    def _theme(self, line: int, row: dict[str, str], languages: tuple[str, ...]) -> Theme:
        return Theme(
            code=row["code"],
            parent=row.get("parent") or None,
            facet=row.get("facet", ""),
            label=_by_language(row, "label", languages),
            definition=_by_language(row, "definition", languages),
            standards=_list(row, "standards", _STANDARDS.strip()),
            note=row.get("note", ""),
            examples=_list(row, "examples", _EXAMPLES),
            organisations_only=self._truth(line, row, "organisations_only"),
        )

    def _with_term(self, theme: Theme, line: int, row: dict[str, str]) -> Theme:
        if row["kind"] == "exclusion":
            exclusion = Exclusion(row["term"], row.get("reason", ""))
            return replace(theme, exclusions=(*theme.exclusions, exclusion))
        near = Near.parse(row["term"]) if row["kind"] == NEAR else None
        if row["kind"] == NEAR and near is None:
            step = "Write two lists of words with the distance between them."
            raise self._refuse(line, "a rule as in korban|penyintas NEAR/5 bantu*", row["term"] or "nothing", step)
        term = Term(
            near=near,
            is_regex=row["kind"] == REGEX,
            term=row["term"],
            language=row.get("language", ""),
            is_hashtag=row["kind"] == HASHTAG,
            case_sensitive=self._truth(line, row, "case_sensitive"),
            requires=_list(row, "requires", _CONDITIONS),
        )
        return replace(theme, terms=(*theme.terms, term))

    def _truth(self, line: int, row: dict[str, str], column: str) -> bool:
        word = row.get(column, "").lower()
        if word not in (*_TRUE, *_FALSE):
            raise self._refuse(line, f"true or nothing in {column}", word, "Correct the cell.")
        return word in _TRUE


def _by_language(row: dict[str, str], what: str, languages: tuple[str, ...]) -> dict[str, str]:
    return {language: text for language in languages if (text := row.get(f"{what}_{language}", ""))}


def _list(row: dict[str, str], column: str, separator: str) -> tuple[str, ...]:
    return tuple(text for part in row.get(column, "").split(separator) if (text := part.strip()))
