"""A codebook in the REFI-QDA exchange format (`.qdc`), which NVivo, MAXQDA, ATLAS.ti and others read and write.

Belongs here: the XML of the format, both ways. Does not belong here: projects with sources and codings (`.qdpx`),
what a codebook may say (`reading`).

The format knows codes (guid, name, colour, description, codes below it) and sets of codes. What it has no place
for stands in the descriptions, below a line `---`, as YAML: every tool shows a description, and gives it back.
Source: REFI-QDA Standard, Codebook Exchange 1.0 (qdasoftware.org).
"""

from __future__ import annotations

import re
import unicodedata
import uuid
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

import yaml

from orchestration.codebook.model import Codebook, Theme
from orchestration.codebook.reading import read_plain
from orchestration.codebook.writing import document, dump
from orchestration.contract import InputError

NAMESPACE = "urn:QDA-XML:codebook:1.0"
# NVivo writes 1:0 where the standard has 1.0 (seen in exports of NVivo 12).
_NAMESPACES = "urn:QDA-XML:codebook:"
ORIGIN = "Suara"
_RULES = "\n---\n"
_DEEPEST = 50
# Okabe and Ito's colours, told apart by the colour-blind; one for each facet.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#999999")


def guid(codebook_id: str, *parts: str) -> str:
    """The GUID of a code or set: always the same for the same code of the same codebook (UUID version 5)."""
    own = uuid.uuid5(uuid.NAMESPACE_URL, f"urn:suara:codebook:{codebook_id}")
    return str(uuid.uuid5(own, ":".join(parts)))


def as_qdc(codebook: Codebook) -> str:
    """The XML of a codebook: codes below their parents, a set for each facet, and one that describes the whole."""
    first = codebook.languages[0]
    content = document(codebook)
    rules = {theme["code"]: theme for theme in content["themes"]}
    colours = {facet.code: _COLOURS[i % len(_COLOURS)] for i, facet in enumerate(codebook.facets)}
    root = ElementTree.Element("CodeBook", {"xmlns": NAMESPACE, "origin": ORIGIN})
    codes = ElementTree.SubElement(root, "Codes")
    _add_codes(codes, codebook, None, rules, colours)
    sets = ElementTree.SubElement(root, "Sets")
    whole = {"codebook": content["codebook"], "conditions": content.get("conditions", {})}
    everything = [theme.code for theme in codebook.themes]
    _add_set(sets, codebook, ("codebook",), codebook.title, whole, everything)
    for facet in codebook.facets:
        others = {language: text for language, text in facet.label.items() if language != first}
        members = [theme.code for theme in codebook.themes if theme.facet == facet.code]
        name = facet.label.get(first, facet.code)
        _add_set(sets, codebook, ("facet", facet.code), name, {"facet": facet.code, "label": others}, members)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_codes(
    above: ElementTree.Element,
    codebook: Codebook,
    parent: str | None,
    rules: dict[str, dict[str, Any]],
    colours: dict[str, str],
) -> None:
    first = codebook.languages[0]
    for theme in codebook.themes:
        if theme.parent != parent:
            continue
        attributes = {
            "guid": guid(codebook.id, "theme", theme.code),
            "name": theme.label[first],
            "isCodable": "true",
            "color": colours[theme.facet],
        }
        code = ElementTree.SubElement(above, "Code", attributes)
        description = ElementTree.SubElement(code, "Description")
        description.text = theme.definition.get(first, "") + _RULES + dump(_rest(theme, rules[theme.code], first))
        _add_codes(code, codebook, theme.code, rules, colours)


def _rest(theme: Theme, rules: dict[str, Any], first: str) -> dict[str, Any]:
    """What name, place and definition of a code do not say of a theme."""
    rest = {key: value for key, value in rules.items() if key not in ("parent", "facet", "label", "definition")}
    for what, by_language in (("label", theme.label), ("definition", theme.definition)):
        if others := {language: text for language, text in by_language.items() if language != first}:
            rest[what] = others
    return rest


def _add_set(
    above: ElementTree.Element,
    codebook: Codebook,
    key: tuple[str, ...],
    name: str,
    rules: dict[str, Any],
    members: list[str],
) -> None:
    element = ElementTree.SubElement(above, "Set", {"guid": guid(codebook.id, *key), "name": name})
    ElementTree.SubElement(element, "Description").text = _RULES.lstrip("\n") + dump(rules)
    for code in members:
        ElementTree.SubElement(element, "MemberCode", {"guid": guid(codebook.id, "theme", code)})


# ---------- reading


@dataclass(frozen=True)
class _Code:
    """A code of the file, and the guid of the one above it."""

    guid: str
    parent: str | None
    name: str
    definition: str
    rules: dict[str, Any]


def from_qdc(content: bytes, name: str, *, codebook_id: str, language: str) -> dict[str, Any]:
    """The codebook of a `.qdc` file as the lists and mappings of its YAML, not yet checked.

    Args:
        content: The bytes of the file.
        name: Its name, for messages.
        codebook_id: The id of a codebook that was not written by `as_qdc`.
        language: The language of its names and descriptions, likewise.

    Raises:
        InputError: It is no XML, declares a document type, or is no REFI-QDA codebook.
    """
    root = _parsed(content, name)
    head: dict[str, Any] = {"id": codebook_id, "version": "0.1-draft", "title": codebook_id, "languages": [language]}
    conditions: dict[str, Any] = {}
    facets: dict[str, dict[str, str]] = {}
    facet_of: dict[str, str] = {}
    sets = list(root.iterfind("{*}Sets/{*}Set"))
    described = [(element, *_cut(_description(element))) for element in sets]
    for element, _, rules in described:
        if isinstance(rules.get("codebook"), dict):
            head = {**rules["codebook"], "title": _attribute(element, "name", name)}
            conditions = rules.get("conditions") or {}
    languages = head.get("languages")
    first = str(languages[0]) if isinstance(languages, list) and languages else language
    for element, _, rules in described:
        if "codebook" in rules:
            continue
        title = _attribute(element, "name", name)
        facet = str(rules.get("facet") or _name_of(title).lower())
        facets[facet] = {first: title, **_texts(rules.get("label"))}
        for member in element.iterfind("{*}MemberCode"):
            facet_of.setdefault(_attribute(member, "guid", name).strip("{}").lower(), facet)
    codes = list(_codes(root, name))
    names = _codes_named(codes)
    themes = []
    for code in codes:
        facet = facet_of.get(code.guid) or (facet_of.get(code.parent) if code.parent else None) or "theme"
        if facet not in facets:
            facets[facet] = {first: "Theme"}
        themes.append(
            {
                "code": names[code.guid],
                **({"parent": names[code.parent]} if code.parent else {}),
                "facet": facet,
                "label": {first: code.name, **_texts(code.rules.get("label"))},
                "definition": {first: code.definition, **_texts(code.rules.get("definition"))},
                **{k: v for k, v in code.rules.items() if k not in ("code", "parent", "facet", "label", "definition")},
            }
        )
    parts: dict[str, Any] = {"codebook": head, "facets": facets}
    return {**parts, **({"conditions": conditions} if conditions else {}), "themes": themes}


def _parsed(content: bytes, name: str) -> ElementTree.Element:
    def refuse(expected: str, found: str, step: str, line: int | None = None) -> InputError:
        where = f"{name}, line {line}" if line else name
        return InputError(file=where, expected=expected, found=found, next_step=step, code="bad_codebook")

    # A first pass looks for what no codebook needs and what can be an attack: entities, and depth without end.
    parser = expat.ParserCreate()
    depth = 0

    def doctype(*_: Any) -> None:
        step = "Export the codebook again; a REFI-QDA codebook has none."
        raise refuse("XML without a DOCTYPE", "a DOCTYPE", step, parser.CurrentLineNumber)

    def start(*_: Any) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            found = f"elements {depth} deep"
            raise refuse("a REFI-QDA codebook", found, "Export the codebook again.", parser.CurrentLineNumber)

    def end(*_: Any) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler, parser.StartElementHandler, parser.EndElementHandler = doctype, start, end
    try:
        parser.Parse(content, True)
        root = ElementTree.fromstring(content)
    except (expat.ExpatError, ElementTree.ParseError, LookupError, ValueError) as error:
        step = "Export the codebook as REFI-QDA codebook (.qdc); a project (.qdpx) is something else."
        raise refuse("XML", str(error), step) from error
    space, _, local = root.tag.rpartition("}")
    if local != "CodeBook" or not space.lstrip("{").startswith(_NAMESPACES) or root.find("{*}Codes") is None:
        step = "Export the codebook as REFI-QDA codebook (.qdc)."
        raise refuse(f"a CodeBook of {NAMESPACE} with Codes", root.tag, step)
    return root


def _attribute(element: ElementTree.Element, attribute: str, name: str) -> str:
    value = " ".join(element.get(attribute, "").split())
    if not value:
        what = element.tag.rpartition("}")[2]
        raise InputError(
            file=name,
            expected=f"the attribute {attribute} on every {what}",
            found=f"none on {element.get('name', '').strip() or element.get('guid') or what}",
            next_step="Export the codebook again.",
            code="bad_codebook",
        )
    return value


def _description(element: ElementTree.Element) -> str:
    found = element.find("{*}Description")
    return "".join(found.itertext()) if found is not None else ""


def _cut(description: str) -> tuple[str, dict[str, Any]]:
    """The words of a description, and the YAML below the last `---`; another tool's text is all words."""
    words, mark, rest = f"\n{description}".replace("\r\n", "\n").rpartition(_RULES)
    if mark:
        try:
            rules = read_plain(rest)
        except yaml.YAMLError:
            rules = None
        if isinstance(rules, dict):
            return " ".join(words.split()), {str(key): value for key, value in rules.items()}
    return " ".join(description.split()), {}


def _codes(root: ElementTree.Element, name: str) -> Iterator[_Code]:
    waiting = [(element, None) for element in reversed(list(root.iterfind("{*}Codes/{*}Code")))]
    seen: set[str] = set()
    while waiting:
        element, parent = waiting.pop()
        own = _attribute(element, "guid", name).strip("{}").lower()
        label = _attribute(element, "name", name)
        if own in seen:
            step = "Export the codebook again."
            raise InputError(file=name, expected="each guid once", found=f"{own} again, on {label}", next_step=step)
        seen.add(own)
        words, rules = _cut(_description(element))
        yield _Code(own, parent, label, words, rules)
        waiting += [(below, own) for below in reversed(list(element.iterfind("{*}Code")))]


def _codes_named(codes: list[_Code]) -> dict[str, str]:
    """The code of each theme: its own, or one made from its name and its parent's."""
    names = {code.guid: str(code.rules["code"]) for code in codes if code.rules.get("code")}
    for code in codes:
        if code.guid in names:
            continue
        made = _name_of(code.name)
        made = f"{names[code.parent]}.{made}" if code.parent else made
        taken, number = set(names.values()), 1
        unique = made
        while unique in taken:
            number += 1
            unique = f"{made}_{number}"
        names[code.guid] = unique
    return names


def _name_of(title: str) -> str:
    """`Rumah aman (safe house)` becomes `RUMAH_AMAN_SAFE_HOUSE`: plain capitals, digits and _."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode("ascii").upper()
    words = re.findall(r"[A-Z0-9]+", plain) or ["CODE"]
    return "_".join(words if words[0][0].isalpha() else ["T", *words])


def _texts(value: Any) -> dict[str, str]:
    return {str(key): str(text) for key, text in value.items()} if isinstance(value, dict) else {}
