"""A codebook in YAML: what a good one says, and that a bad one is refused with its line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestration import cli
from orchestration.cli import main
from orchestration.codebook import (
    Codebook,
    CodebookError,
    Problem,
    as_yaml,
    check,
    read_codebook,
    read_codebooks,
    seed_files,
    study_problems,
)
from orchestration.contract import InputError, SuaraError

GOOD = """\
codebook: {id: study, version: 0.1-draft, title: A study, languages: [en, id]}
facets:
  theme: {en: Theme, id: Tema}
  topic: {en: Topic, id: Topik}
conditions:
  a_person: [victim*, korban, TOP.TIP]
themes:
  - code: VIC
    facet: theme
    label: {en: Victim support, id: Dukungan korban}
    definition: {en: Direct assistance, id: Bantuan langsung}
    note: support alone does not count
    examples: ["We help survivors"]
    include:
      en:
        - counselling
        - requires: a_person
          terms: [assist*, legal aid]
      id: [pendampingan]
    exclude:
      - {phrase: free counselling, reason: not of a person}
  - code: VIC.SHE
    parent: VIC
    facet: theme
    label: {en: Shelter, id: Rumah aman}
    definition: {en: A safe house, id: Rumah aman}
    standards: [HTCDS spl_SocialCare, UU 21/2007]
    organisations_only: true
    include:
      mul: [shelter*]
    hashtags: [rumahaman]
  - code: TOP.TIP
    facet: topic
    label: {en: Trafficking, id: Perdagangan orang}
    definition: {en: Trafficking in persons, id: Perdagangan orang}
    include:
      mul:
        - case_sensitive: true
          terms: [tip]
    near:
      - {a: [korban, survivor*], b: [rumah aman], window: 4, requires: [korban]}
    regex: ['uu\\s+no\\.?\\s*21']
"""


def _problems(text: str) -> list[Problem]:
    return check(text)[1]


def _good() -> Codebook:
    codebook, problems = check(GOOD)
    assert codebook is not None and not problems
    return codebook


# (what, a line of GOOD, what stands there instead, the line of the error, its code, what the message must name)
BAD = [
    ("unknown parent", "    parent: VIC\n", "    parent: VICT\n", 23, "unknown_parent", "VICT (did you mean VIC?)"),
    ("cycle", "  - code: VIC\n", "  - code: VIC\n    parent: VIC.SHE\n", 9, "cycle", "VIC → VIC.SHE → VIC"),
    ("own parent", "    parent: VIC\n", "    parent: VIC.SHE\n", 23, "cycle", "VIC.SHE → VIC.SHE"),
    ("duplicate code", "  - code: TOP.TIP\n", "  - code: VIC\n", 32, "duplicate_code", "VIC, as in line 8"),
    ("wildcard in front", "[pendampingan]", "['*dampingan']", 19, "invalid_wildcard", "*dampingan"),
    ("wildcard inside", "[pendampingan]", "[pen*ngan]", 19, "invalid_wildcard", "pen*ngan"),
    ("wildcard alone", "[pendampingan]", "['*']", 19, "invalid_wildcard", "found *"),
    ("wildcard of a word of its own", "[pendampingan]", "[rumah *]", 19, "invalid_wildcard", "rumah *"),
    ("capitals", "[pendampingan]", "[Pendampingan]", 19, "not_folded", "Write pendampingan."),
    ("hyphen", "[pendampingan]", "[anti-trafficking*]", 19, "not_folded", "Write anti trafficking*."),
    ("full-width letters", "[pendampingan]", "[ｔｐｐｏ]", 19, "not_folded", "Write tppo."),
    ("accent on its own", "[pendampingan]", '["cafe\\u0301"]', 19, "not_folded", "Write café."),
    ("two blanks are one", "[pendampingan]", "['(rumah)  aman']", 19, "not_folded", "Write rumah aman."),
    ("empty term", "[pendampingan]", "['']", 19, "invalid_wildcard", "nothing"),
    ("term that is a list", "[pendampingan]", "[[a, b]]", 19, "wrong_shape", "a list"),
    (
        "duplicate term",
        "[pendampingan]",
        "[pendampingan, counselling]",
        19,
        "duplicate_term",
        "counselling, as in line 16",
    ),
    ("duplicate hashtag", "[rumahaman]", "[rumahaman, rumahaman]", 31, "duplicate_term", "#rumahaman"),
    ("hashtag with #", "[rumahaman]", "['#rumahaman']", 31, "not_folded", "Write rumahaman."),
    ("hashtag of two words", "[rumahaman]", "[rumah aman]", 31, "bad_hashtag", "rumah aman"),
    ("hashtag with wildcard", "[rumahaman]", "[rumah*]", 31, "bad_hashtag", "rumah*"),
    ("acronym of two words", "terms: [tip]", "terms: [tip tip]", 39, "bad_case", "tip tip"),
    ("empty theme", "    hashtags: [rumahaman]\n", "", 22, "empty_theme", "none"),
    ("unknown condition", "requires: a_person", "requires: persons", 17, "unknown_condition", "persons"),
    (
        "unknown theme as condition",
        "korban, TOP.TIP",
        "korban, TOP.TPI",
        6,
        "unknown_condition",
        "did you mean TOP.TIP?",
    ),
    ("condition that is no word", "korban, TOP.TIP", "korban, rumah-aman", 6, "not_folded", "Write rumah aman."),
    ("empty condition", "[victim*, korban, TOP.TIP]", "[]", 6, "empty_condition", "none"),
    ("exclusion without a reason", ", reason: not of a person", "", 21, "missing_reason", "none"),
    (
        "exclusion that is no word",
        "free counselling",
        "Free counselling",
        21,
        "not_folded",
        "Write free counselling.",
    ),
    ("unknown facet", "    facet: topic", "    facet: topics", 33, "unknown_facet", "topics"),
    ("unknown language of terms", "      id: [pend", "      ms: [pend", 19, "unknown_language", "ms"),
    ("no label", ", id: Rumah aman}\n    def", "}\n    def", 25, "missing_label", "a label in id"),
    ("no definition", "    definition: {en: A safe house, id: Rumah aman}\n", "", 22, "missing_definition", "none"),
    ("code in lower case", "  - code: TOP.TIP\n", "  - code: top.tip\n", 32, "bad_code", "top.tip"),
    ("no code", "  - code: TOP.TIP\n", "  - note: x\n", 32, "missing_key", "none"),
    ("misspelt key", "    hashtags:", "    hashtag:", 31, "unknown_key", "did you mean hashtags?"),
    (
        "key twice",
        "    hashtags: [rumahaman]\n",
        "    facet: topic\n    hashtags: [rumahaman]\n",
        31,
        "duplicate_key",
        "facet",
    ),
    ("text in place of a list", "[pendampingan]", "pendampingan", 19, "wrong_shape", "the text pendampingan"),
    ("no truth", "organisations_only: true", "organisations_only: maybe", 28, "wrong_shape", "maybe"),
    ("two standards on one line", "UU 21/2007]", "'UU 21/2007; ILO 2']", 27, "bad_standard", "ILO 2"),
    ("control character", "A study", '"A\\u0007study"', 1, "control_character", "a control character"),
    ("no version", "version: 0.1-draft, ", "", 1, "missing_key", "`version:`"),
    ("no languages", ", languages: [en, id]", "", 1, "missing_key", "`languages:`"),
    ("reference", "[pendampingan]", "[&a pendampingan, *a]", 19, "reference", "*a"),
    ("wildcard without quotes", "[pendampingan]", "[ *dampingan ]", 19, "reference", "*dampingan"),
    ("no YAML", "    parent: VIC\n", "    parent: [VIC\n", 24, "not_yaml", "YAML"),
    ("lists without end", "[pendampingan]", "[" * 50 + "]" * 50, 19, "not_yaml", "deep"),
]


@pytest.mark.parametrize(("old", "new", "line", "code", "names"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_bad_codebook_is_refused_with_its_line(old: str, new: str, line: int, code: str, names: str) -> None:
    assert GOOD.count(old) == 1 or old == "    parent: VIC\n"
    text = GOOD.replace(old, new, 1)
    if code == "empty_theme":
        text = text.replace("    include:\n      mul: [shelter*]\n", "")
    codebook, problems = check(text)
    assert codebook is None
    found = [p for p in problems if (p.line, p.code, p.severity) == (line, code, "error")]
    assert found, [(p.line, p.code, p.found) for p in problems]
    assert names in found[0].text("study.yml")
    assert found[0].text("study.yml").startswith(f"study.yml, line {line}: expected ")


def test_third_level_is_refused_since_posts_are_rolled_up_once() -> None:
    text = GOOD.replace("  - code: TOP.TIP\n", "  - code: TOP.TIP\n    parent: VIC.SHE\n")
    found = [p for p in _problems(text) if p.code == "too_deep"]
    assert [(p.line, p.found) for p in found] == [(33, "VIC → VIC.SHE → TOP.TIP")]


def test_every_error_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "study.yml"
    path.write_text(GOOD.replace("[pendampingan]", "[A, B]").replace("parent: VIC", "parent: NO"), encoding="utf-8")
    with pytest.raises(CodebookError) as refused:
        read_codebook(path)
    assert [(p.line, p.code) for p in refused.value.problems] == [
        (19, "not_folded"),
        (19, "not_folded"),
        (23, "unknown_parent"),
    ]
    assert str(refused.value).count("\n") == 2


@pytest.mark.parametrize(
    "text", ["", "[]", "- a", "text", "codebook:", "themes: 3\nfacets: 4\ncodebook: 5", "\t", "%", "a: *b"]
)
def test_anything_else_is_refused_without_a_traceback(text: str) -> None:
    codebook, problems = check(text)
    assert codebook is None
    assert all(problem.line >= 1 for problem in problems)


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.yml"
    path.write_bytes(b"codebook: \xff\xfe")
    with pytest.raises(InputError, match=r"UTF-8; found byte 0xff at position 10"):
        read_codebook(path)
    with pytest.raises(InputError, match="No such file"):
        read_codebook(tmp_path / "nothing.yml")


# ---------- warnings


def test_term_of_two_siblings_is_a_warning_at_the_second() -> None:
    text = GOOD.replace("      mul: [shelter*]", "      mul: [shelter*, counselling]")
    codebook, problems = check(text)
    assert codebook is not None
    assert [(p.line, p.code, p.severity) for p in problems] == [(30, "sibling_duplicate", "warning")]
    assert "counselling also in VIC, line 16" in problems[0].text("study.yml")


def test_same_term_in_another_facet_is_no_duplicate() -> None:
    assert not _problems(GOOD.replace("terms: [tip]", "terms: [tip]\n        - counselling"))


@pytest.mark.parametrize(
    ("phrase", "code"),
    [
        ("economic recovery", "idle_exclusion"),
        ("legal aid", "excluded_term"),
        ("free legal", None),
        ("assistant coach", None),
        ("counsel*", None),
    ],
)
def test_exclusion_that_does_nothing_or_everything_is_a_warning(phrase: str, code: str | None) -> None:
    codebook, problems = check(GOOD.replace("phrase: free counselling", f"phrase: {phrase}"))
    assert codebook is not None
    expected = [(21, code, "warning")] if code else []
    assert [(p.line, p.code, p.severity) for p in problems] == expected


def test_condition_that_waits_for_itself_is_a_warning() -> None:
    # the theme has no other term then
    text = GOOD[: GOOD.index("    near:")] + "          requires: [VIC.SHE, TOP.TIP]\n"
    problems = _problems(text)
    assert {(p.code, p.found, p.severity) for p in problems} == {("unmet_condition", "TOP.TIP", "warning")}


def test_missing_translation_is_a_warning() -> None:
    problems = _problems(GOOD.replace("{en: A safe house, id: Rumah aman}", "{en: A safe house}"))
    assert [(p.line, p.code, p.found) for p in problems] == [(26, "missing_translation", "2 of 3 themes with one")]


# ---------- what it says


def test_words_that_yaml_takes_for_something_else_stay_words() -> None:
    codebook, problems = check(GOOD.replace("[pendampingan]", "[no, on, 115, 1e3, true, 2020]"))
    assert codebook is not None and not problems
    assert [t.term for t in codebook.themes[0].terms if t.language == "id"] == [
        "no",
        "on",
        "115",
        "1e3",
        "true",
        "2020",
    ]


def test_term_named_like_a_key_is_no_duplicate() -> None:
    assert not _problems(GOOD.replace("[pendampingan]", "[label, note, code]"))


def test_seeds_hold_one_row_per_theme_term_and_exclusion() -> None:
    files = {name: list(csv.DictReader(io.StringIO(text))) for name, text in seed_files([_good()]).items()}
    themes = {row["theme_code"]: row for row in files["codebook_themes.csv"]}
    assert list(themes) == ["VIC", "VIC.SHE", "TOP.TIP"]
    assert themes["VIC.SHE"]["standard_ref"] == "HTCDS spl_SocialCare; UU 21/2007"
    assert (themes["VIC.SHE"]["parent_code"], themes["VIC.SHE"]["is_organisations_only"]) == ("VIC", "true")
    terms = {row["term_id"]: row for row in files["codebook_terms.csv"]}
    assert {i: (row["kind"], row["requires"], row["case_sensitive"]) for i, row in terms.items()} == {
        "VIC:en:counselling": ("word", "", "false"),
        "VIC:en:assist+": ("wildcard", "victim*|korban|TOP.TIP", "false"),
        "VIC:en:legal-aid": ("phrase", "victim*|korban|TOP.TIP", "false"),
        "VIC:id:pendampingan": ("word", "", "false"),
        "VIC.SHE:mul:shelter+": ("wildcard", "", "false"),
        "VIC.SHE:tag:rumahaman": ("hashtag", "", "false"),
        "TOP.TIP:mul:tip": ("word", "", "true"),
        "TOP.TIP:near:korban|survivor+-NEAR/4-rumah-aman": ("near", "korban", "false"),
        "TOP.TIP:regex:5a53e83afb": ("regex", "", "false"),
    }
    assert [(row["near_a"], row["near_b"], row["near_window"]) for row in terms.values() if row["kind"] == "near"] == [
        ("korban|survivor*", "rumah aman", "4")
    ]
    assert {row["codebook_version"] for row in terms.values()} == {_good().full_version}
    assert [row["exclusion_id"] for row in files["codebook_exclusions.csv"]] == ["VIC:not:free-counselling"]


def test_codebook_without_the_languages_of_the_tables_is_not_compiled() -> None:
    text = GOOD.replace("languages: [en, id]", "languages: [en]").replace("[pendampingan]", "[]")
    for label in ("Tema", "Topik", "Dukungan korban", "Bantuan langsung", "Rumah aman", "Perdagangan orang"):
        text = text.replace(f", id: {label}", "")
    codebook, problems = check(text.replace("      id: []\n", ""))
    assert codebook is not None, problems
    with pytest.raises(SuaraError, match="expected the languages en, id"):
        seed_files([codebook])


def test_yaml_written_anew_is_the_same_codebook() -> None:
    again, problems = check(as_yaml(_good()))
    assert again == _good() and not problems
    assert as_yaml(again) == as_yaml(_good())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.1-draft", "0.2"),
        ("A study", "Another title"),
        ("terms: [assist*, legal aid]", "terms: [legal aid, assist*]"),
        ("requires: a_person", "requires: [korban, TOP.TIP, victim*]"),
        ("{en: Shelter, id: Rumah aman}", "{id: Rumah aman, en: Shelter}"),
        ("facets:", "# a comment\nfacets:"),
    ],
)
def test_hash_stays_where_the_content_does(old: str, new: str) -> None:
    changed, problems = check(GOOD.replace(old, new))
    assert changed is not None and not problems
    assert changed.sha256 == _good().sha256


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("counselling", "counsel*"),
        ("korban, TOP.TIP", "TOP.TIP"),
        ("free counselling", "paid counselling"),
        ("not of a person", "of the economy"),
        ("A safe house", "A house"),
        ("case_sensitive: true", "case_sensitive: false"),
        ("      id: [pend", "      mul: [pend"),
        ("    parent: VIC\n", ""),
        ("organisations_only: true", "organisations_only: false"),
    ],
)
def test_hash_changes_with_the_content(old: str, new: str) -> None:
    changed, _ = check(GOOD.replace(old, new))
    assert changed is not None
    assert changed.sha256 != _good().sha256
    assert changed.full_version == f"0.1-draft+{changed.sha256[:12]}"


# ---------- commands


def test_check_command_says_what_is_there_or_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "study.yml"
    path.write_text(GOOD, encoding="utf-8")
    good = CliRunner().invoke(main, ["codebook", "check", str(path)])
    assert good.exit_code == 0
    assert good.output.startswith(
        f"study {_good().full_version}: 3 themes in 2 facets, 6 terms, 1 hashtags, 1 near rules, 1 regexes, "
        "1 exclusions"
    )
    path.write_text(GOOD.replace("parent: VIC", "parent: VICT"), encoding="utf-8")
    bad = CliRunner().invoke(main, ["codebook", "check", str(path)])
    assert bad.exit_code == 1
    assert "study.yml, line 23: expected the code of a theme; found VICT (did you mean VIC?)." in bad.output


def test_compile_writes_the_seeds_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    monkeypatch.setattr("orchestration.codebook.SEED_FOLDER", seeds)
    monkeypatch.setattr("orchestration.codebook.CODEBOOK_FOLDER", tmp_path)
    studies = tmp_path / "studies.csv"
    studies.write_text("study,codebook_id\none,study\ntwo,other\n", encoding="utf-8")
    monkeypatch.setattr("orchestration.codebook.STUDIES", studies)
    path, other = tmp_path / "study.yml", tmp_path / "another.yml"
    path.write_text(GOOD.replace("counselling", "Counselling"), encoding="utf-8")
    other.write_text(GOOD.replace("id: study", "id: other"), encoding="utf-8")
    compile_all = ["codebook", "compile"]
    assert CliRunner().invoke(main, compile_all).exit_code == 1
    assert not list(seeds.iterdir())
    path.write_text(GOOD, encoding="utf-8")
    first = CliRunner().invoke(main, compile_all)
    assert first.exit_code == 0, first.output
    written = {p.name: p.read_bytes() for p in seeds.iterdir()}
    both = [read_codebook(other), _good()]
    assert written == {name: text.encode("utf-8") for name, text in seed_files(both).items()}
    assert "The seeds hold it already." in CliRunner().invoke(main, compile_all).output
    path.write_text(GOOD.replace("counselling", "counsel*"), encoding="utf-8")
    again = CliRunner().invoke(main, compile_all)
    assert "content of study changed and the version is still 0.1-draft" in again.output
    assert "content of other" not in again.output


def test_codebooks_lie_side_by_side_with_the_same_codes(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.yml").write_text(GOOD.replace("id: study", "id: other"), encoding="utf-8")
    both = read_codebooks(tmp_path)
    themes = list(csv.DictReader(io.StringIO(seed_files(both)["codebook_themes.csv"])))
    assert [(row["codebook_id"], row["theme_code"]) for row in themes] == [
        (name, code) for name in ("study", "other") for code in ("VIC", "VIC.SHE", "TOP.TIP")
    ]
    # the models join by version: it tells even codebooks of the same content apart
    assert len({row["codebook_version"] for row in themes}) == 2
    (tmp_path / "c.yml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(SuaraError, match=r"c\.yml: expected an id .*; found study, as in a\.yml"):
        read_codebooks(tmp_path)


def test_a_study_that_names_no_codebook_is_named_with_its_line(tmp_path: Path) -> None:
    studies = tmp_path / "studies.csv"
    studies.write_text('study,note,codebook_id\na,"two\nlines",study\nb,,studdy\nc,,\n', encoding="utf-8")
    problems = study_problems(studies, {"study", "other"})
    assert [(problem.line, problem.found) for problem in problems] == [(4, "studdy"), (5, "nothing")]
    assert (
        problems[0]
        .text("studies.csv")
        .startswith(
            "studies.csv, line 4: expected the id of a codebook (other, study); found studdy. Correct codebook_id"
        )
    )


REGEXES = [
    ("(?=a)b", "bad_regex"),
    ("[abc", "bad_regex"),
    ("(ab", "bad_regex"),
    (r"(a)\1", "bad_regex"),
    ("a*", "bad_regex"),
    (r"\b", "bad_regex"),
    ("UU no", "not_folded"),
]


@pytest.mark.parametrize(("pattern", "code"), REGEXES)
def test_a_regex_that_cannot_be_used_is_refused_with_its_line(pattern: str, code: str) -> None:
    text = GOOD.replace(r"'uu\s+no\.?\s*21'", f"'{pattern}'")
    assert text != GOOD
    assert [(p.line, p.code) for p in _problems(text)] == [(42, code)]


@pytest.mark.parametrize("pattern", [r"\buu\s+no", r"\p{L}+isme\b", r"a\S+b", "(?:ia|si)nya", "o'brien"])
def test_a_regex_that_re2_knows_is_taken(pattern: str) -> None:
    quoted = pattern.replace("'", "''")
    codebook, problems = check(GOOD.replace(r"uu\s+no\.?\s*21", quoted))
    assert codebook is not None, problems
    assert [term.term for _, term in codebook.terms() if term.is_regex] == [pattern]
    assert check(as_yaml(codebook))[0] == codebook


@pytest.mark.parametrize(
    ("old", "new", "code", "named"),
    [
        (", b: [rumah aman]", "", "bad_near", "`b:`, a list of words"),
        ("b: [rumah aman]", "b: []", "bad_near", "`b:`, a list of words"),
        ("window: 4, ", "", "bad_near", "`window:`, 1 to 50"),
        ("window: 4", "window: 0", "bad_near", "found 0"),
        ("window: 4", "window: near", "bad_near", "found near"),
        ("survivor*]", "'surv*vor']", "invalid_wildcard", "surv*vor"),
        ("b: [rumah aman]", "b: [Rumah]", "not_folded", "Write rumah."),
        ("b: [rumah aman]", "c: [rumah]", "unknown_key", "one of a, b, window, requires"),
        ("requires: [korban]", "requires: a_persn", "unknown_condition", "a_persn"),
    ],
)
def test_a_near_rule_that_cannot_be_used_is_refused_with_its_line(old: str, new: str, code: str, named: str) -> None:
    line = next(part for part in GOOD.splitlines(keepends=True) if "window:" in part)
    codebook, problems = check(GOOD.replace(line, line.replace(old, new)))
    found = [problem for problem in problems if problem.code == code]
    assert codebook is None
    assert [problem.line for problem in found] == [41]
    assert named in found[0].text("study.yml")


def test_run_says_when_the_seeds_are_not_those_of_the_codebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cli._warn_of_a_codebook_not_compiled()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("orchestration.codebook.SEED_FOLDER", tmp_path)
    cli._warn_of_a_codebook_not_compiled()
    assert "`suara codebook compile` writes them anew" in capsys.readouterr().err
