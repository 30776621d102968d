"""Codebooks go out to spreadsheets and to QDA tools and come back the same; what is no codebook is refused."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.cli import main
from orchestration.codebook import DEFAULT_CODEBOOK, EXPORTS, Codebook, check, import_codebook, read_codebook
from orchestration.codebook.model import Exclusion, Facet, Term, Theme, folded
from orchestration.contract import InputError
from tests.unit.test_codebook import GOOD

# Everything that a cell, an attribute or a description could spoil.
AWKWARD = """\
codebook: {id: awkward, version: "1.0; <b>", title: "A & B, \\"C\\"", languages: [id, en-GB], note: "--- = +x; a|b"}
facets:
  theme: {id: "Tema <satu>", en-GB: "Theme & so on"}
  empty: {id: Kosong, en-GB: Empty}
conditions:
  none_uses_it: [kata, "two words", "wild*"]
  a_theme: [ONE]
themes:
  - code: ONE
    facet: theme
    label: {id: "=SUM(A1)", en-GB: "One, \\"quoted\\"; ]]> & <x>"}
    definition: {id: "baris --- satu", en-GB: "a line\\n\\n---\\ncode: TWO"}
    standards: ["Pasal 1 (a, b)", "x: y"]
    note: "'single' and \\"double\\""
    examples: ["First; with | signs", "😀 second #tag"]
    include:
      en-GB: [no, "115", {requires: [kata, ONE.TWO], terms: [perdagangan orang, "naïve*"]}]
      id: [{requires: a_theme, case_sensitive: true, terms: [tki]}, ya]
      mul: ["日本", "مهاجر"]
    hashtags: [tag_1, {requires: none_uses_it, terms: [tag2]}]
    exclude:
      - {phrase: "kata lain*", reason: "= another, \\"word\\""}
  - code: ONE.TWO
    parent: ONE
    facet: theme
    label: {id: Dua, en-GB: Two}
    definition: {en-GB: Only in English}
    organisations_only: true
    include: {id: [dua]}
"""


def _codebook(text: str) -> Codebook:
    codebook, problems = check(text)
    assert codebook is not None, problems
    return codebook


CODEBOOKS = {
    "small": _codebook(GOOD),
    "awkward": _codebook(AWKWARD),
    "of the project": read_codebook(DEFAULT_CODEBOOK),
}


@pytest.mark.parametrize("form", ["csv", "qdc"])
@pytest.mark.parametrize("name", CODEBOOKS)
def test_codebook_comes_back_as_it_went(name: str, form: str, tmp_path: Path) -> None:
    path = tmp_path / f"out.{form}"
    path.write_bytes(EXPORTS[form](CODEBOOKS[name]).encode("utf-8"))
    back = import_codebook(path)
    assert back.codebook == CODEBOOKS[name], back.problems
    assert back.codebook.sha256 == CODEBOOKS[name].sha256
    assert back.text == EXPORTS["yaml"](CODEBOOKS[name])


@pytest.mark.parametrize("form", EXPORTS)
def test_export_writes_the_same_bytes_again(form: str) -> None:
    assert EXPORTS[form](_codebook(AWKWARD)) == EXPORTS[form](CODEBOOKS["awkward"])


def test_theme_apart_from_its_parent_comes_back_behind_it(tmp_path: Path) -> None:
    themes = GOOD.split("  - code: ")
    apart = _codebook("  - code: ".join([themes[0], themes[2], themes[3], themes[1]]))
    path = tmp_path / "out.qdc"
    path.write_bytes(EXPORTS["qdc"](apart).encode("utf-8"))
    back = import_codebook(path).codebook
    assert back is not None
    assert back.sha256 == apart.sha256
    assert [theme.code for theme in back.themes] == ["TOP.TIP", "VIC", "VIC.SHE"]


_TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=30)
_SOME_TEXT = _TEXTS.map(lambda text: " ".join(text.split())).filter(bool)
_WORDS = st.text(st.characters(categories=("Ll", "Lo", "Nd")), min_size=1, max_size=8)
_WORDS = _WORDS.map(folded).filter(lambda word: re.fullmatch(r"\w+", word) and folded(word) == word)
_PATTERNS = st.tuples(st.lists(_WORDS, min_size=1, max_size=3).map(" ".join), st.sampled_from(["", "*"])).map("".join)


@st.composite
def _codebooks(draw: st.DrawFn) -> Codebook:
    themes = []
    for number in range(draw(st.integers(1, 4))):
        terms = [Term(p, "en", requires=tuple(draw(st.sets(_PATTERNS, max_size=2)))) for p in draw(st.sets(_PATTERNS))]
        terms += [Term(word, "mul", is_hashtag=True) for word in draw(st.sets(_WORDS, min_size=1, max_size=2))]
        themes.append(
            Theme(
                code=f"T{number}",
                facet="theme",
                label={"en": draw(_SOME_TEXT)},
                definition={"en": draw(_SOME_TEXT)},
                parent="T0" if number and draw(st.booleans()) else None,
                standards=tuple(draw(st.lists(_SOME_TEXT.filter(lambda text: ";" not in text), max_size=2))),
                note=draw(st.just("") | _SOME_TEXT),
                examples=tuple(draw(st.lists(_SOME_TEXT, max_size=2))),
                organisations_only=draw(st.booleans()),
                terms=tuple(terms),
                exclusions=tuple(Exclusion(p, draw(_SOME_TEXT)) for p in draw(st.sets(_PATTERNS, max_size=2))),
            )
        )
    facet = Facet("theme", {"en": draw(_SOME_TEXT)})
    return Codebook("any", draw(_SOME_TEXT), draw(_SOME_TEXT), ("en",), (facet,), tuple(themes))


@settings(max_examples=40, deadline=None, database=None)
@given(codebook=_codebooks())
def test_any_codebook_comes_back(codebook: Codebook, tmp_path_factory: pytest.TempPathFactory) -> None:
    again, problems = check(EXPORTS["yaml"](codebook))
    assert again == codebook, problems
    for form in ("csv", "qdc"):
        path = tmp_path_factory.mktemp("exchange") / f"out.{form}"
        path.write_bytes(EXPORTS[form](codebook).encode("utf-8"))
        back = import_codebook(path).codebook
        assert back is not None
        assert back.sha256 == codebook.sha256


# ---------- the schema of REFI-QDA's codebook exchange 1.0, in our own words
#
# Set beside the XSD of the standard (REFI-QDA 1.5, section 5.2) on 2026-11-27: these rules and two validators (lxml
# 6.1.3, xmlschema 4.3.2) said the same of 6,000 codebooks spoiled at random, and called the exports valid.

# element -> (elements in it, attributes that must be there, attributes that may)
STRUCTURE = {
    "CodeBook": ("Codes;(Sets;)?", (), ("origin",)),
    "Codes": ("(Code;)+", (), ()),
    "Code": ("(Description;)?(Code;)*", ("guid", "name", "isCodable"), ("color",)),
    "Description": ("", (), ()),
    "Sets": ("(Set;)+", (), ()),
    "Set": ("(Description;)?(MemberCode;)*", ("guid", "name"), ()),
    "MemberCode": ("", ("guid",), ()),
}
_GUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
FORMS = {
    "guid": rf"{_GUID}|\{{{_GUID}\}}",
    "color": r"#([A-Fa-f0-9]{6}|[A-Fa-f0-9]{3})",
    "isCodable": "true|false|1|0",
}
NAMESPACE = "{urn:QDA-XML:codebook:1.0}"
# xsi:schemaLocation and its like may stand anywhere
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def _against_the_structure(element: ElementTree.Element) -> list[str]:
    name = element.tag.removeprefix(NAMESPACE)
    if not element.tag.startswith(NAMESPACE) or name not in STRUCTURE:
        return [f"unknown element {element.tag}"]
    content, required, optional = STRUCTURE[name]
    given = {attribute: value for attribute, value in element.attrib.items() if not attribute.startswith(XSI)}
    wrong = [f"{name} without {a}" for a in required if a not in given]
    wrong += [f"{name} with {a}" for a in given if a not in (*required, *optional)]
    wrong += [
        f"{name} {a}={v}" for a, v in given.items() if a in FORMS and not re.fullmatch(FORMS[a], " ".join(v.split()))
    ]
    found = "".join(f"{child.tag.removeprefix(NAMESPACE)};" for child in element)
    if not re.fullmatch(content, found):
        wrong.append(f"{name} of {found}")
    words = (element.text or "") + "".join(child.tail or "" for child in element)
    if (words.strip() and name != "Description") or (words and name == "MemberCode"):
        wrong.append(f"text in {name}")
    return wrong + [line for child in element for line in _against_the_structure(child)]


@pytest.mark.parametrize("name", CODEBOOKS)
def test_qdc_has_the_structure_of_the_standard(name: str) -> None:
    root = ElementTree.fromstring(EXPORTS["qdc"](CODEBOOKS[name]).encode("utf-8"))
    assert root.tag == f"{NAMESPACE}CodeBook"
    assert not _against_the_structure(root)
    codes = [code.get("guid") for code in root.iter(f"{NAMESPACE}Code")]
    sets = [one.get("guid") for one in root.iter(f"{NAMESPACE}Set")]
    assert len(codes) == len(CODEBOOKS[name].themes)
    assert len({*codes, *sets}) == len(codes) + len(sets)
    assert {member.get("guid") for member in root.iter(f"{NAMESPACE}MemberCode")} == set(codes)


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        ('<Codes><Code guid="1" colour="red"/></Codes>', {"Code without name", "Code with colour", "Code guid=1"}),
        ("<Codes><X/></Codes>", {"Codes of X;", f"unknown element {NAMESPACE}X"}),
        ("<Sets/><Codes/>", {"CodeBook of Sets;Codes;", "Sets of ", "Codes of "}),
        ("words", {"CodeBook of ", "text in CodeBook"}),
    ],
)
def test_the_judge_of_the_structure_can_refuse(inside: str, told: set[str]) -> None:
    bad = f'<CodeBook xmlns="{NAMESPACE[1:-1]}">{inside}</CodeBook>'
    assert told <= set(_against_the_structure(ElementTree.fromstring(bad)))


def test_guids_belong_to_the_code_and_stay_when_its_words_change() -> None:
    def guids(codebook: Codebook) -> dict[str | None, str | None]:
        root = ElementTree.fromstring(EXPORTS["qdc"](codebook))
        return {c.get("name"): c.get("guid") for c in root.iter(f"{NAMESPACE}Code")}

    before, after = guids(_codebook(GOOD)), guids(_codebook(GOOD.replace("counselling", "counsel*")))
    assert before == after
    assert guids(_codebook(GOOD.replace("id: study", "id: other")))["Shelter"] != before["Shelter"]


def test_hierarchy_facets_and_colours_are_the_formats_own() -> None:
    root = ElementTree.fromstring(EXPORTS["qdc"](_codebook(GOOD)))
    space = {"q": NAMESPACE[1:-1]}
    assert [code.get("name") for code in root.findall("q:Codes/q:Code", space)] == ["Victim support", "Trafficking"]
    assert [code.get("name") for code in root.findall("q:Codes/q:Code/q:Code", space)] == ["Shelter"]
    assert [one.get("name") for one in root.findall("q:Sets/q:Set", space)] == ["A study", "Theme", "Topic"]
    colours = {code.get("name"): code.get("color") for code in root.iter(f"{NAMESPACE}Code")}
    assert colours["Victim support"] == colours["Shelter"] != colours["Trafficking"]


# ---------- codebooks of other tools

FOREIGN = """\
<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<CodeBook origin="NVivo 12" xmlns="urn:QDA-XML:codebook:1:0"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:QDA-XML:codebook:1:0 Codebook.xsd">
  <Codes>
    <Code guid="6C0A4E1E-0000-4000-8000-000000000001" name="Rumah aman (shelter)" isCodable="true" color="#00FF00">
      <Description>A safe place.
--- by the way ---
and more</Description>
      <Code guid="6C0A4E1E-0000-4000-8000-000000000002" name="24 hours" isCodable="false"/>
    </Code>
    <Code guid="6C0A4E1E-0000-4000-8000-000000000003" name="rumah aman - shelter" isCodable="true"/>
  </Codes>
  <Sets>
    <Set guid="6C0A4E1E-0000-4000-8000-000000000009" name="Bantuan">
      <MemberCode guid="{6c0a4e1e-0000-4000-8000-000000000001}"/>
    </Set>
  </Sets>
</CodeBook>
"""


def test_codes_of_another_tool_become_themes_to_complete(tmp_path: Path) -> None:
    path, out = tmp_path / "My codes 2.qdc", tmp_path / "out.yml"
    path.write_text(FOREIGN, encoding="utf-8")
    result = CliRunner().invoke(main, ["codebook", "import", "--language", "id", str(path), str(out)])
    assert result.exit_code == 1
    assert "it has to be completed" in result.output
    codebook, problems = check(out.read_text("utf-8"))
    assert codebook is None
    assert {problem.code for problem in problems} == {"empty_theme", "missing_definition", "missing_translation"}
    assert f"out.yml, line {problems[-1].line}: " in result.output
    completed = out.read_text("utf-8").replace("    definition:\n      id: ''\n", "    definition: {id: x}\n")
    themes = completed.split("  - code: ")
    for place in (2, 3):
        themes[place] = themes[place].rstrip() + f"\n    include: {{id: [kata {place}]}}\n\n"
    codebook, problems = check("  - code: ".join(themes))
    assert codebook is not None, problems
    assert [(t.code, t.parent, t.facet, t.label["id"]) for t in codebook.themes] == [
        ("RUMAH_AMAN_SHELTER", None, "bantuan", "Rumah aman (shelter)"),
        ("RUMAH_AMAN_SHELTER.T_24_HOURS", "RUMAH_AMAN_SHELTER", "bantuan", "24 hours"),
        ("RUMAH_AMAN_SHELTER_2", None, "theme", "rumah aman - shelter"),
    ]
    assert codebook.themes[0].definition == {"id": "A safe place. --- by the way --- and more"}
    assert (codebook.id, codebook.languages) == ("my_codes_2", ("id",))


def test_definition_and_name_changed_in_another_tool_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "out.qdc"
    text = EXPORTS["qdc"](_codebook(GOOD))
    path.write_text(
        text.replace('name="Shelter"', 'name="Safe house"').replace(">A safe house\n", ">A house\r\nthat is safe\r\n"),
        encoding="utf-8",
        newline="",
    )
    back = import_codebook(path).codebook
    assert back is not None
    shelter = next(theme for theme in back.themes if theme.code == "VIC.SHE")
    assert shelter.label == {"en": "Safe house", "id": "Rumah aman"}
    assert shelter.definition["en"] == "A house that is safe"
    assert [term.term for term in shelter.terms] == ["shelter*", "rumahaman"]


BOMB = """\
<?xml version="1.0"?>
<!DOCTYPE CodeBook [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">]>
<CodeBook xmlns="urn:QDA-XML:codebook:1.0"><Codes><Code guid="1" name="&c;" isCodable="true"/></Codes></CodeBook>
"""
FILE = BOMB.replace('<!ENTITY a "aaaaaaaaaa">', '<!ENTITY c SYSTEM "file:///etc/hostname">')
_CODES = '<CodeBook xmlns="urn:QDA-XML:codebook:1.0"><Codes>{}</Codes></CodeBook>'


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (BOMB.encode(), "line 2: expected XML without a DOCTYPE"),
        (FILE.encode(), "line 2: expected XML without a DOCTYPE"),
        (BOMB.replace('"1.0"?', '"1.0" encoding="utf-16"?').encode("utf-16"), "line 2: expected XML without a DOCTYPE"),
        (b"", "expected XML"),
        (b"PK\x03\x04", "expected XML"),
        (b"<CodeBook", "expected XML"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "expected XML"),
        (b"<CodeBook><Codes/></CodeBook>", "expected a CodeBook of urn:QDA-XML:codebook:1.0"),
        (b'<Project xmlns="urn:QDA-XML:project:1.0"><CodeBook/></Project>', "expected a CodeBook"),
        (
            _CODES.format('<Code name="a" isCodable="true"/>').encode(),
            "the attribute guid on every Code; found none on a",
        ),
        (_CODES.format('<Code guid="1" name=" "/>').encode(), "the attribute name on every Code; found none on 1"),
        (_CODES.format('<Code guid="1" name="a"/>' * 2).encode(), "each guid once; found 1 again, on a"),
        (_CODES.format("<Code>" * 99 + "</Code>" * 99).encode(), "found elements 51 deep"),
    ],
)
def test_what_is_no_codebook_is_refused_and_nothing_is_written(content: bytes, told: str, tmp_path: Path) -> None:
    path, out = tmp_path / "codes.qdc", tmp_path / "out.yml"
    path.write_bytes(content)
    result = CliRunner().invoke(main, ["codebook", "import", str(path), str(out)])
    assert result.exit_code == 1
    assert told in result.output
    assert "codes.qdc" in result.output
    assert [p.name for p in tmp_path.iterdir()] == ["codes.qdc"]


# ---------- spreadsheets


def test_table_has_one_row_for_each_term() -> None:
    text = EXPORTS["csv"](CODEBOOKS["of the project"]).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    terms = [row for row in rows if row["kind"] in ("word", "phrase", "wildcard", "hashtag")]
    assert len(terms) == sum(1 for _ in CODEBOOKS["of the project"].terms())
    assert len([row for row in rows if row["kind"] == "theme"]) == len(CODEBOOKS["of the project"].themes)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_table_saved_by_a_spreadsheet_is_read(delimiter: str, tmp_path: Path) -> None:
    rows = list(csv.reader(io.StringIO(EXPORTS["csv"](CODEBOOKS["awkward"]).removeprefix("\ufeff"), newline="")))
    rows = [[cell.replace("true", "TRUE") if cell == "true" else cell for cell in row] for row in rows]
    path = tmp_path / "out.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        csv.writer(handle, delimiter=delimiter).writerows([*rows, [""] * len(rows[0])])
    assert import_codebook(path).codebook == CODEBOOKS["awkward"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("code,kind", "code,knd", "line 1: expected one of the columns"),
        ("code,kind", "code,kind,kind", "line 1: expected each column once; found kind"),
        ("label_en,label_id", "standard_en,standard_id", "line 1: expected one of the columns"),
        ("study,codebook", "study,facet", "line 1: expected a row of the kind codebook"),
        ("VIC,word,en", "VIC,wrd,en", "line 7: expected a kind: codebook, facet"),
        ("VIC,word,en", "VICT,word,en", "line 7: expected the code of a theme; found VICT"),
        (
            "TOP.TIP,word,mul,tip,true",
            "TOP.TIP,word,mul,tip,maybe",
            "line 16: expected true or nothing in case_sensitive",
        ),
        ("counselling,,,,,,,,,,,,,,,", "counselling,,,,,,,,,,,,,,,,,,x", "line 7: expected no more cells than columns"),
        ("VIC,word,en", '"VIC,word,en', "expected"),
    ],
)
def test_bad_table_is_refused_with_its_line(old: str, new: str, told: str, tmp_path: Path) -> None:
    text = EXPORTS["csv"](_codebook(GOOD))
    assert old in text
    path, out = tmp_path / "table.csv", tmp_path / "out.yml"
    path.write_bytes(text.replace(old, new, 1).encode("utf-8"))
    result = CliRunner().invoke(main, ["codebook", "import", str(path), str(out)])
    assert result.exit_code == 1
    assert "table.csv, line " in result.output and told in result.output
    assert not out.exists()


def test_import_never_writes_over_a_codebook_and_export_not_over_itself(tmp_path: Path) -> None:
    own = tmp_path / "study.yml"
    own.write_text(GOOD, encoding="utf-8")
    table = tmp_path / "table.csv"
    exported = CliRunner().invoke(main, ["codebook", "export", "--format", "csv", "--codebook", str(own), str(table)])
    assert exported.exit_code == 0, exported.output
    assert CliRunner().invoke(main, ["codebook", "import", str(table), str(own)]).exit_code == 1
    assert (
        CliRunner().invoke(main, ["codebook", "export", "--format", "qdc", "--codebook", str(own), str(own)]).exit_code
        == 1
    )
    assert own.read_text("utf-8") == GOOD


def test_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected .csv or .qdc; found .qdpx"):
        import_codebook(tmp_path / "project.qdpx")
    with pytest.raises(InputError, match="No such file"):
        import_codebook(tmp_path / "nothing.qdc")
