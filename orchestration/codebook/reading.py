"""Reading a codebook from its YAML, and every way in which one can be wrong.

Belongs here: what a codebook may say, with the line of whatever it may not.
Does not belong here: the layout of the file (`writing`), tables (`seeds`), other formats.

    codebook: {id: my_study, version: 0.1-draft, title: My study, languages: [en, id]}
    facets:
      theme: {en: Theme, id: Tema}
    conditions:
      a_person: [victim*, korban, TOP.TIP]
    themes:
      - code: VIC
        facet: theme
        label: {en: Victim support, id: Dukungan korban}
        definition: {en: Direct assistance}
        include:
          en:
            - safe house*
            - {requires: a_person, terms: [assist*, counselling]}
        hashtags: [saksidankorban]
        near:
          - {a: [korban], b: [bantu*], window: 5}
        regex: ['\buu\\s+no\\.?\\s*21\b']
        exclude:
          - {phrase: assistant coach, reason: a job in sports}
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.codebook.model import (
    CODE,
    NAME,
    NO_LANGUAGE,
    Codebook,
    Condition,
    Exclusion,
    Facet,
    Near,
    Term,
    Theme,
    folded,
)
from orchestration.contract import InputError, SuaraError

ERROR, WARNING = "error", "warning"
# The project's codebook takes 0.25 s to read with the loader in Python, 0.03 s with libyaml's (measured 2026-11-26).
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 20  # a codebook needs 7; libyaml's loader ends the process at some depth

_TOP_KEYS = ("codebook", "facets", "conditions", "themes")
_HEAD_KEYS = ("id", "version", "title", "languages", "note")
_THEME_KEYS = (
    "code",
    "parent",
    "facet",
    "label",
    "definition",
    "standards",
    "note",
    "examples",
    "organisations_only",
    "include",
    "hashtags",
    "near",
    "regex",
    "exclude",
)
_GROUP_KEYS = ("requires", "case_sensitive", "terms")
_NEAR_KEYS = ("a", "b", "window", "requires")
_EXCLUSION_KEYS = ("phrase", "reason")
# Further apart than a post of 280 characters is long, it says no more than `requires`.
_WIDEST_WINDOW = 50
# What the models take for the words of a pattern (macro `codebook_pattern_words`).
_WORDS = re.compile(r"\w+( \w+)*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong (`error`), or that somebody should look at (`warning`).

    Attributes:
        line: Line in the file, counted from 1.
        code: A stable word for it.
    """

    line: int
    code: str
    expected: str
    found: str
    next_step: str
    severity: str = ERROR

    def text(self, name: str) -> str:
        """The problem in a sentence, for the person who wrote the file `name`."""
        mark = "" if self.severity == ERROR else f"{self.severity}: "
        return f"{name}, line {self.line}: {mark}expected {self.expected}; found {self.found}. {self.next_step}"


class CodebookError(SuaraError):
    """A codebook that cannot be used: every error in it, each with its line."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems = [p for p in problems if p.severity == ERROR]
        super().__init__("\n".join(p.text(name) for p in self.problems))


def read_text(path: Path) -> str:
    """The text of a file in UTF-8.

    Raises:
        InputError: There is no such file, or it is no UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(
            file=str(path), expected="a file to read", found=error.strerror or "an error", next_step="Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            file=str(path),
            expected="text in UTF-8",
            found=f"byte {error.object[error.start]:#04x} at position {error.start}",
            next_step="Save the file as UTF-8.",
        ) from error


def read_codebook(path: Path) -> Codebook:
    """The codebook in a file.

    Raises:
        InputError: The file cannot be read.
        CodebookError: The codebook has errors; the message names the line of each.
    """
    codebook, problems = check(read_text(path))
    if codebook is None:
        raise CodebookError(path.name, problems)
    return codebook


def check(text: str) -> tuple[Codebook | None, list[Problem]]:
    """A codebook from its YAML (None when it has an error), and all that is to be said about it, by line."""
    reader = _Reader()
    codebook = reader.read(text)
    problems = sorted(reader.problems, key=lambda p: (p.line, p.code, p.found))
    return (None if any(p.severity == ERROR for p in problems) else codebook), problems


def stated_id(text: str) -> str | None:
    """The id that a codebook states, whatever else is wrong with it."""
    found = _Reader().read(text)
    return found.id if found is not None else None


def read_plain(text: str) -> Any:
    """Any YAML as plain values, each scalar as its text; without references, and not deeper than a codebook.

    Raises:
        yaml.YAMLError: It is something else.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > _DEEPEST:
            raise yaml.YAMLError("references, or lists within lists")
    return _plain(yaml.compose(text, Loader=_LOADER))


def _plain(node: Any) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return {str(_plain(key)): _plain(value) for key, value in node.value}
    return None if node is None or _is_null(node) else node.value


def pattern_problem(pattern: str) -> tuple[str, str, str] | None:
    """What is wrong with a term: a code, what is expected, what to do; None when nothing is."""
    stem = pattern.removesuffix("*")
    if "*" in stem or not stem or stem.endswith(" "):
        return "invalid_wildcard", "one * at the end of a word, as in repatriat*", "Write the beginning of the word."
    if stem != folded(stem) or not _WORDS.fullmatch(stem):
        words = " ".join(re.findall(r"\w+", folded(stem)))
        shown = f"Write {words}{pattern[len(stem) :]}." if words else "Write the words that are looked for."
        return "not_folded", "lower-case words separated by one space, without signs", shown
    return None


def regex_problem(pattern: str) -> tuple[str, str, str] | None:
    """What is wrong with a regular expression, as above. DuckDB's engine (RE2) itself is asked."""
    if not pattern:
        return "bad_regex", "a regular expression", "Write one, or leave the line out."
    # classes such as \\S and \\p{L} are written with capitals
    if re.search(r"[A-Z]", re.sub(r"\\[pP]\{[^}]*\}|\\.|\(\?P<\w+>", "", pattern)):
        return "not_folded", "small letters: it is tried on text in lower case", "Write it in small letters."
    try:
        # a match of nothing is everywhere and nowhere
        found = duckdb.execute(
            "select list_contains(regexp_extract_all('ab 1', $1) || regexp_extract_all('', $1), '')", [pattern]
        ).fetchall()
    except duckdb.Error as error:
        said = " ".join(str(error).split())
        step = "See github.com/google/re2/wiki/Syntax: there is no look-around and no back-reference."
        return "bad_regex", f"a regular expression that RE2 knows ({said[:120]})", step
    if found[0][0]:
        return "bad_regex", "an expression that matches no empty text", "Make a part of it obligatory (+ for *)."
    return None


@dataclass
class _Draft:
    """A theme being read, with the lines of its keys and of its terms: it is compared with others later."""

    line: int
    lines: dict[str, int]
    term_lines: dict[str, int] = field(default_factory=dict)
    exclusion_lines: dict[str, int] = field(default_factory=dict)
    code: str = ""
    parent: str = ""
    theme: Theme | None = None


class _Reader:
    """Reads the nodes of the YAML, not its values: only nodes know their lines. Goes on after an error."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._languages: tuple[str, ...] = ()
        self._facets: dict[str, Facet] = {}
        self._conditions: dict[str, Condition] = {}
        # every condition that is used, with its line: only when all themes are known can it be judged
        self._alternatives: list[tuple[int, str]] = []

    def _say(self, line: int, code: str, expected: str, found: str, next_step: str, severity: str = ERROR) -> None:
        self.problems.append(Problem(line, code, expected, found, next_step, severity))

    def read(self, text: str) -> Codebook | None:
        root = self._compose(text)
        if root is None:
            return None
        top = self._mapping(root, 1, "a codebook: `codebook:`, `facets:`, `themes:`", _TOP_KEYS)
        for key in ("codebook", "facets", "themes"):
            if key not in top:
                self._say(1, "missing_key", f"`{key}:`", "none", "See docs/explanation/codebook.md for the format.")
        head = self._head(*top["codebook"]) if "codebook" in top else {}
        if "facets" in top:
            self._read_facets(*top["facets"])
        if "conditions" in top:
            self._read_conditions(*top["conditions"])
        drafts = [self._theme(node, line) for node, line in self._items(*top["themes"])] if "themes" in top else []
        self._compare(drafts)
        if "themes" in top and not drafts:
            self._say(top["themes"][1], "empty_codebook", "at least one theme", "none", "Add a theme.")
        themes = tuple(draft.theme for draft in drafts if draft.theme is not None)
        if not head:
            return None
        return Codebook(
            id=head["id"],
            version=head["version"],
            title=head["title"],
            note=head["note"],
            languages=self._languages,
            facets=tuple(self._facets.values()),
            conditions=tuple(self._conditions.values()),
            themes=themes,
        )

    def _compose(self, text: str) -> Any:
        step = "Put texts with : # % { [ or a leading @ or * in quotes; indent with blanks."
        depth = 0
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                line = event.start_mark.line + 1
                if isinstance(event, yaml.AliasEvent):
                    told = "Write the text out, or put it in quotes when it begins with *."
                    self._say(line, "reference", "text", f"the reference *{event.anchor}", told)
                    return None
                depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
                if depth > _DEEPEST:
                    self._say(line, "not_yaml", "a codebook", f"lists within lists, {depth} deep", step)
                    return None
            return yaml.compose(text, Loader=_LOADER)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "something else"
            self._say(mark.line + 1 if mark else 1, "not_yaml", "YAML", str(problem), step)
        return None

    # Shapes -------------------------------------------------------------------------------------------------

    def _mapping(
        self, node: Any, line: int, expected: str, keys: tuple[str, ...] | None = None
    ) -> dict[str, tuple[Any, int]]:
        if not isinstance(node, yaml.MappingNode):
            self._say(_line(node, line), "wrong_shape", expected, _shape(node), "Correct this line.")
            return {}
        found: dict[str, tuple[Any, int]] = {}
        for key_node, value in node.value:
            key, at = str(key_node.value), _line(key_node, line)
            if keys is not None and key not in keys:
                meant = difflib.get_close_matches(key, keys, n=1)
                hint = f" (did you mean {meant[0]}?)" if meant else ""
                self._say(at, "unknown_key", f"one of {', '.join(keys)}", f"{key}{hint}", "Correct this line.")
            elif key in found:
                self._say(at, "duplicate_key", "each name once", f"{key} a second time", "Join the two.")
            else:
                found[key] = (value, at)
        return found

    def _items(self, node: Any, line: int) -> list[tuple[Any, int]]:
        if _is_null(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            self._say(
                _line(node, line), "wrong_shape", "a list, a line `- …` for each", _shape(node), "Make it a list."
            )
            return []
        return [(item, _line(item, line)) for item in node.value]

    def _text(self, node: Any, line: int) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._say(_line(node, line), "wrong_shape", "one text", _shape(node), "Correct this line.")
            return ""
        if _is_null(node):
            return ""
        if _CONTROL.search(node.value):
            step = "Delete the character that cannot be seen."
            self._say(_line(node, line), "control_character", "text that can be read", "a control character", step)
            return ""
        return " ".join(node.value.split())

    def _texts(self, node: Any, line: int) -> list[tuple[str, int]]:
        return [(self._text(item, at), at) for item, at in self._items(node, line)]

    def _truth(self, node: Any, line: int) -> bool:
        word = self._text(node, line).lower()
        if word not in ("true", "false"):
            self._say(_line(node, line), "wrong_shape", "true or false", word or "nothing", "Correct this line.")
        return word == "true"

    def _by_language(self, node: Any, line: int, what: str) -> dict[str, str]:
        told = f"{what} by language, as in {{{', '.join(f'{lang}: …' for lang in self._languages)}}}"
        found: dict[str, str] = {}
        for language, (value, at) in self._mapping(node, line, told).items():
            if language not in self._languages:
                self._unknown_language(at, language, self._languages)
                continue
            if text := self._text(value, at):
                found[language] = text
        # in the order of the codebook's languages, whatever the order in the file
        return {language: found[language] for language in self._languages if language in found}

    def _unknown_language(self, line: int, language: str, known: Iterable[str]) -> None:
        step = "Correct it, or add it to `languages:` of the codebook."
        self._say(line, "unknown_language", f"one of {', '.join(known)}", language, step)

    # Parts --------------------------------------------------------------------------------------------------

    def _head(self, node: Any, line: int) -> dict[str, str]:
        said = self._mapping(node, line, "id, version, title and languages", _HEAD_KEYS)
        head = {key: self._text(*said[key]) if key in said else "" for key in ("id", "version", "title", "note")}
        for key in ("id", "version", "title"):
            if not head[key]:
                at = said[key][1] if key in said else line
                self._say(at, "missing_key", f"`{key}:` of the codebook", "none", "Add it.")
        if head["id"] and not NAME.fullmatch(head["id"]):
            step = "It names files, too."
            self._say(said["id"][1], "bad_name", "lower-case letters, digits and _", head["id"], step)
        languages = self._texts(*said["languages"]) if "languages" in said else []
        for language, at in languages:
            if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", language) or language == NO_LANGUAGE:
                self._say(
                    at, "bad_language", "a language such as en or id (BCP-47)", language or "nothing", "Correct it."
                )
        self._languages = tuple(dict.fromkeys(language for language, _ in languages))
        if not self._languages:
            self._say(line, "missing_key", "`languages:` of the codebook, as in [en, id]", "none", "Add it.")
        return head

    def _read_facets(self, node: Any, line: int) -> None:
        for code, (value, at) in self._mapping(node, line, "a line `code: {en: …}` for each facet").items():
            if not NAME.fullmatch(code):
                self._say(at, "bad_name", "lower-case letters, digits and _", code, "Rename the facet.")
            self._facets[code] = Facet(code, self._by_language(value, at, "the label"))

    def _read_conditions(self, node: Any, line: int) -> None:
        for name, (value, at) in self._mapping(node, line, "a line `name: [word, CODE]` for each list").items():
            if not NAME.fullmatch(name):
                self._say(at, "bad_name", "lower-case letters, digits and _", name, "Rename the list of conditions.")
            self._conditions[name] = Condition(name, self._any_of(value, at))

    def _any_of(self, node: Any, line: int) -> tuple[str, ...]:
        found = self._texts(node, line)
        if not found:
            self._say(line, "empty_condition", "at least one theme or word", "none", "Add one, or leave the line out.")
        self._alternatives += [(at, text) for text, at in found]
        return tuple(dict.fromkeys(text for text, _ in found))

    def _requires(self, node: Any, line: int) -> tuple[str, ...]:
        if isinstance(node, yaml.SequenceNode):
            return self._any_of(node, line)
        name = self._text(node, line)
        if name in self._conditions:
            return self._conditions[name].any_of
        known = ", ".join(self._conditions) or "none yet"
        step = f"Add it to `conditions:`, or write a list: requires: [{name or 'word'}]."
        self._say(line, "unknown_condition", f"a name under `conditions:` ({known}), or a list", name or "none", step)
        return ()

    def _theme(self, node: Any, line: int) -> _Draft:
        said = self._mapping(node, line, "a theme: code, facet, label, definition, include", _THEME_KEYS)
        draft = _Draft(line, {key: at for key, (_, at) in said.items()})
        draft.code = self._text(*said["code"]) if "code" in said else ""
        draft.parent = self._text(*said["parent"]) if "parent" in said else ""
        at = draft.lines.get("code", line)
        if not draft.code:
            self._say(at, "missing_key", "`code:` of the theme", "none", "Add it; it is kept for life.")
        elif not CODE.fullmatch(draft.code):
            step = "Capitals tell a theme from a word."
            self._say(at, "bad_code", "capitals, digits, _ and dots, as in VIC.SHE", draft.code, step)
        facet = self._text(*said["facet"]) if "facet" in said else ""
        if facet not in self._facets:
            known = ", ".join(self._facets) or "none yet"
            step = "Correct it, or add it to `facets:`."
            self._say(draft.lines.get("facet", line), "unknown_facet", f"a facet ({known})", facet or "none", step)
        label = self._by_language(*said["label"], "the label") if "label" in said else {}
        for language in self._languages:
            if language not in label:
                at = draft.lines.get("label", line)
                self._say(at, "missing_label", f"a label in {language}", "none", "Name the theme in each language.")
        definition = self._by_language(*said["definition"], "the definition") if "definition" in said else {}
        if not definition:
            at = draft.lines.get("definition", line)
            self._say(at, "missing_definition", "a definition: when a post has the theme", "none", "Write one.")
        draft.theme = Theme(
            code=draft.code,
            parent=draft.parent or None,
            facet=facet,
            label=label,
            definition=definition,
            standards=self._standards(*said["standards"]) if "standards" in said else (),
            note=self._text(*said["note"]) if "note" in said else "",
            examples=tuple(text for text, _ in self._texts(*said["examples"]) if text) if "examples" in said else (),
            organisations_only=self._truth(*said["organisations_only"]) if "organisations_only" in said else False,
            terms=(
                *self._include(said, draft),
                *self._hashtags(said, draft),
                *self._near(said, draft),
                *self._regexes(said, draft),
            ),
            exclusions=self._exclusions(said, draft),
        )
        return draft

    def _standards(self, node: Any, line: int) -> tuple[str, ...]:
        found = self._texts(node, line)
        for text, at in found:
            if ";" in text:
                self._say(at, "bad_standard", "one standard on a line", text, "Make it two lines; ; separates them.")
        return tuple(text for text, _ in found if text)

    def _include(self, said: Mapping[str, tuple[Any, int]], draft: _Draft) -> list[Term]:
        terms: list[Term] = []
        if "include" not in said:
            return terms
        told = "terms by language, as in {en: [shelter*]}"
        known = (*self._languages, NO_LANGUAGE)
        for language, (node, line) in self._mapping(*said["include"], told).items():
            if language not in known:
                self._unknown_language(line, language, known)
            terms += self._terms(node, line, draft, language, is_hashtag=False)
        return terms

    def _hashtags(self, said: Mapping[str, tuple[Any, int]], draft: _Draft) -> list[Term]:
        return self._terms(*said["hashtags"], draft, NO_LANGUAGE, is_hashtag=True) if "hashtags" in said else []

    def _near(self, said: Mapping[str, tuple[Any, int]], draft: _Draft) -> list[Term]:
        found: list[Term] = []
        for node, line in self._items(*said["near"]) if "near" in said else []:
            entry = self._mapping(node, line, "`a:`, `b:` and `window:`", _NEAR_KEYS)
            sides: dict[str, tuple[str, ...]] = {}
            for side in ("a", "b"):
                words = self._texts(*entry[side]) if side in entry else []
                if not words:
                    step = "Both sides have at least one word, phrase or wildcard."
                    self._say(line, "bad_near", f"`{side}:`, a list of words", "none", step)
                for word, at in words:
                    if wrong := pattern_problem(word):
                        self._say(at, wrong[0], wrong[1], word or "nothing", wrong[2])
                sides[side] = tuple(dict.fromkeys(word for word, _ in words))
            window = self._text(*entry["window"]) if "window" in entry else ""
            if not re.fullmatch(r"[0-9]{1,3}", window) or not 1 <= int(window) <= _WIDEST_WINDOW:
                step = "It says how many words apart they may be; neighbours are 1 apart."
                self._say(line, "bad_near", f"`window:`, 1 to {_WIDEST_WINDOW}", window or "none", step)
                continue
            requires = self._requires(*entry["requires"]) if "requires" in entry else ()
            near = Near(sides["a"], sides["b"], int(window))
            term = Term(near.text, NO_LANGUAGE, requires=requires, near=near)
            self._once(term, line, draft)
            found.append(term)
        return found

    def _regexes(self, said: Mapping[str, tuple[Any, int]], draft: _Draft) -> list[Term]:
        if "regex" not in said:
            return []
        return self._terms(*said["regex"], draft, NO_LANGUAGE, is_hashtag=False, is_regex=True)

    def _terms(
        self, node: Any, line: int, draft: _Draft, language: str, *, is_hashtag: bool, is_regex: bool = False
    ) -> list[Term]:
        found: list[Term] = []
        for item, at in self._items(node, line):
            requires: tuple[str, ...] = ()
            case_sensitive, words = False, [(item, at)]
            if isinstance(item, yaml.MappingNode):
                said = self._mapping(item, at, "", _GROUP_KEYS)
                requires = self._requires(*said["requires"]) if "requires" in said else ()
                case_sensitive = self._truth(*said["case_sensitive"]) if "case_sensitive" in said else False
                words = self._items(*said["terms"]) if "terms" in said else []
                if not words:
                    self._say(
                        at, "empty_group", "`terms:`, with at least one", "none", "Add terms, or delete the group."
                    )
            for word, word_at in words:
                text = self._text(word, word_at)
                if is_regex and text:
                    text = word.value.strip()  # two blanks are not one there
                term = Term(text, language, is_hashtag, case_sensitive, requires, is_regex=is_regex)
                self._judge(term, word_at, draft)
                found.append(term)
        return found

    def _judge(self, term: Term, line: int, draft: _Draft) -> None:
        wrong = regex_problem(term.term) if term.is_regex else pattern_problem(term.term)
        if wrong is None and term.is_hashtag and not re.fullmatch(r"\w+", term.term):
            wrong = ("bad_hashtag", "a whole hashtag: one word, no *", "Write words and wildcards under `include:`.")
        if wrong is None and term.case_sensitive and term.kind != "word":
            wrong = ("bad_case", "one word beside case_sensitive: only acronyms are", "Take it out of the group.")
        if wrong is not None:
            code, expected, step = wrong
            self._say(line, code, expected, term.term or "nothing", step)
        self._once(term, line, draft)

    def _once(self, term: Term, line: int, draft: _Draft) -> None:
        key = _key(term)
        if term.term and key in draft.term_lines:
            step = "Delete one of the two; every term is looked for in every post, whatever its language."
            found = f"{key}, as in line {draft.term_lines[key]}"
            self._say(line, "duplicate_term", "each term once in a theme", found, step)
        draft.term_lines.setdefault(key, line)

    def _exclusions(self, said: Mapping[str, tuple[Any, int]], draft: _Draft) -> tuple[Exclusion, ...]:
        found: dict[str, Exclusion] = {}
        for node, line in self._items(*said["exclude"]) if "exclude" in said else []:
            entry = self._mapping(node, line, "`phrase:` and `reason:`", _EXCLUSION_KEYS)
            phrase = self._text(*entry["phrase"]) if "phrase" in entry else ""
            reason = self._text(*entry["reason"]) if "reason" in entry else ""
            wrong = pattern_problem(phrase)
            if wrong is not None:
                self._say(line, wrong[0], wrong[1], phrase or "nothing", wrong[2])
            if not reason:
                self._say(line, "missing_reason", "a reason: what the phrase means instead", "none", "Write one.")
            if phrase in found:
                self._say(line, "duplicate_exclusion", "each phrase once", phrase, "Delete one of the two.")
            found[phrase] = Exclusion(phrase, reason)
            draft.exclusion_lines.setdefault(phrase, line)
        return tuple(found.values())

    # Themes among each other --------------------------------------------------------------------------------

    def _compare(self, drafts: list[_Draft]) -> None:
        first: dict[str, _Draft] = {}
        for draft in drafts:
            if draft.code and draft.code in first:
                step = "Rename one of the two; a code names one theme."
                found = f"{draft.code}, as in line {first[draft.code].lines['code']}"
                self._say(draft.lines["code"], "duplicate_code", "each code once", found, step)
            first.setdefault(draft.code, draft)
        self._compare_parents(first)
        with_children = {draft.parent for draft in drafts}
        for draft in drafts:
            if draft.theme is not None and not draft.theme.terms and draft.code not in with_children:
                step = "Add a term under `include:`, or delete the theme."
                self._say(draft.line, "empty_theme", "a term, a hashtag or a theme below it", "none", step)
        self._compare_conditions(first)
        self._compare_relatives(list(first.values()))
        for draft in first.values():
            self._compare_exclusions(draft)
        self._compare_languages(drafts)

    def _compare_parents(self, themes: Mapping[str, _Draft]) -> None:
        in_cycle: set[str] = set()
        for code, draft in themes.items():
            if not draft.parent:
                continue
            line = draft.lines["parent"]
            if draft.parent not in themes:
                meant = difflib.get_close_matches(draft.parent, list(themes), n=1)
                hint = f" (did you mean {meant[0]}?)" if meant else ""
                step = "Correct it, or add the theme."
                self._say(line, "unknown_parent", "the code of a theme", f"{draft.parent}{hint}", step)
                continue
            chain = [code]
            while (above := themes[chain[-1]].parent) in themes and above not in chain:
                chain.append(above)
            if above in chain:
                if code not in in_cycle and above == code:
                    step = "Leave `parent:` out of the theme at the top."
                    self._say(line, "cycle", "a parent that is not below the theme", " → ".join([*chain, above]), step)
                    in_cycle.update(chain)
            elif len(chain) > 2:
                # The models roll a theme up to its parent once (fct_post_themes).
                step = f"Give it the parent {chain[-1]}."
                self._say(line, "too_deep", "two levels of themes", " → ".join(reversed(chain)), step)

    def _compare_conditions(self, themes: Mapping[str, _Draft]) -> None:
        # A theme can be a condition only by terms that do not themselves wait for a theme (fct_theme_hits).
        free = {
            code
            for code, draft in themes.items()
            if draft.theme is not None and any(not set(t.requires) & set(themes) for t in draft.theme.terms)
        }
        for line, value in self._alternatives:
            if value in themes:
                if value not in free:
                    step = "Name a theme that has terms of its own without such a condition."
                    expected = "a theme that can be met without another theme"
                    self._say(line, "unmet_condition", expected, value, step, WARNING)
            elif value != folded(value) and CODE.fullmatch(value):
                meant = difflib.get_close_matches(value, list(themes), n=1)
                hint = f" (did you mean {meant[0]}?)" if meant else ""
                step = "Correct the code; words are written in lower case."
                self._say(line, "unknown_condition", "the code of a theme, or words", f"{value}{hint}", step)
            elif wrong := pattern_problem(value):
                self._say(line, wrong[0], wrong[1], value or "nothing", wrong[2])

    def _compare_relatives(self, drafts: list[_Draft]) -> None:
        """The same term in two themes that share a parent, or in a theme and its parent, tells them apart nowhere."""
        seen: dict[tuple[str, str], list[_Draft]] = {}
        for draft in drafts:
            if draft.theme is None:
                continue
            for term in draft.theme.terms:
                key = _key(term)
                others = seen.setdefault((draft.theme.facet, key), [])
                for other in others:
                    if other is not draft and (
                        draft.parent == other.parent or draft.code == other.parent or other.code == draft.parent
                    ):
                        found = f"{key} also in {other.code}, line {other.term_lines[key]}"
                        step = f"Keep it in one, or say in a note why {draft.code} and {other.code} have it."
                        expected = "a term in one of two sibling themes"
                        self._say(draft.term_lines[key], "sibling_duplicate", expected, found, step, WARNING)
                if draft not in others:
                    others.append(draft)

    def _compare_exclusions(self, draft: _Draft) -> None:
        """An exclusion works where its span overlaps a term's or a condition's: it needs a word in common."""
        terms = draft.theme.terms if draft.theme is not None else ()
        # conditions that are words; codes of themes have capitals
        conditions = {word for term in terms for word in term.requires if word == folded(word)}
        patterns = [*(p for term in terms for p in term.patterns), *conditions]
        has_regex = any(term.is_regex for term in terms)  # which finds words that nobody knows beforehand
        for phrase, line in draft.exclusion_lines.items():
            words = phrase.split()
            if phrase in draft.term_lines:
                step = "Delete the term or the exclusion."
                found = f"{phrase}, as in line {draft.term_lines[phrase]}"
                self._say(line, "excluded_term", "another phrase than a term of the theme", found, step, WARNING)
            elif not has_regex and not any(_may_be_one(a, b) for a in words for p in patterns for b in p.split()):
                step = "Delete it, or move it to the theme whose term it is about."
                expected = "a phrase that shares a word with a term of its theme, or with a condition of one"
                self._say(line, "idle_exclusion", expected, phrase, step, WARNING)

    def _compare_languages(self, drafts: list[_Draft]) -> None:
        for language in self._languages:
            without = [d for d in drafts if d.theme is not None and language not in d.theme.definition]
            if without and drafts:
                found = f"{len(drafts) - len(without)} of {len(drafts)} themes with one"
                step = "Write the missing ones when a speaker is at hand."
                line = without[0].lines.get("definition", without[0].line)
                self._say(line, "missing_translation", f"a definition in {language}", found, step, WARNING)


def _key(term: Term) -> str:
    """A term as it is compared: the word behind a # is another term."""
    return f"#{term.term}" if term.is_hashtag else f"/{term.term}/" if term.is_regex else term.term


def _may_be_one(one: str, other: str) -> bool:
    """Whether a word in a post can be both, where a * stands for any ending."""
    stem, other_stem = one.removesuffix("*"), other.removesuffix("*")
    return (
        stem == other_stem
        or (one.endswith("*") and other_stem.startswith(stem))
        or (other.endswith("*") and stem.startswith(other_stem))
    )


def _line(node: Any, default: int) -> int:
    mark = getattr(node, "start_mark", None)
    return mark.line + 1 if mark is not None else default


def _is_null(node: Any) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _shape(node: Any) -> str:
    if node is None or _is_null(node):
        return "nothing"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "names with values" if isinstance(node, yaml.MappingNode) else f"the text {node.value[:40]}"
