"""Language, stems and statistics of words: what a researcher reads off them.

Belongs here: `orchestration.text` on single texts, words and small tables. Does not belong here: cutting texts into
words (test_words.py, and the unit tests of the models).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

import duckdb
import pytest
from scipy.stats import chi2_contingency

from orchestration.contract import DBT_PROJECT_DIR, SuaraError
from orchestration.text.corpus import Selection, collocations, keyness, keyword_in_context, lines
from orchestration.text.language import Identifier, identified
from orchestration.text.measures import log_likelihood, log_ratio, npmi
from orchestration.text.stems import StopWords, stem, stems_of_words

INDONESIAN = "Kami mengajak warga desa untuk melindungi anak dari perdagangan orang"
ENGLISH = "We ask the people of the village to protect children from trafficking"


@pytest.fixture(scope="module")
def identifier() -> Identifier:
    return Identifier(["id", "en"])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (INDONESIAN, "id"),
        (ENGLISH, "en"),
        ("Selamat pagi #HumanTrafficking #SafeMigration @people_of_the_world https://example.org/the-people", "id"),
        ("RT @warga_desa: Join us for the launch of our campaign", "en"),
        ("𝗦𝘁𝗼𝗽 𝗵𝘂𝗺𝗮𝗻 𝘁𝗿𝗮𝗳𝗳𝗶𝗰𝗸𝗶𝗻𝗴 𝗶𝗻 𝗼𝘂𝗿 𝘃𝗶𝗹𝗹𝗮𝗴𝗲𝘀", "en"),
        ("Мы просим жителей деревни защищать детей от торговли людьми", None),
        ("私たちは村の人々に子どもを守るように頼みます", None),
        ("#StopTPPO @iom https://t.co/abc 🙏", None),
        ("Halo 123", None),
        ("", None),
    ],
)
def test_language_of_a_text_is_one_of_the_study_or_none(
    identifier: Identifier, text: str, language: str | None
) -> None:
    found = identifier.identify(text)
    assert found.tag == language
    assert (found.confidence is None) == (language is None)


@pytest.mark.parametrize(
    ("text", "is_mixed"),
    [
        (f"{INDONESIAN}\n\n{ENGLISH}", True),
        (f"{INDONESIAN} | {ENGLISH} https://t.co/abc", True),
        (f"{INDONESIAN} / {ENGLISH}", True),
        (f"{INDONESIAN}\n{INDONESIAN} juga", False),
        (f"{INDONESIAN} | International Organization", False),  # a name is no language
        (f"{INDONESIAN} {ENGLISH}", False),  # one segment
        (f"{INDONESIAN}\n#SafeMigration @people_of_the_world https://example.org/the-people-of", False),
    ],
)
def test_a_text_is_mixed_when_two_segments_are_surely_in_two_languages(
    identifier: Identifier, text: str, is_mixed: bool
) -> None:
    assert identifier.is_mixed(text) is is_mixed


def test_a_language_that_nobody_can_identify_is_refused_by_name() -> None:
    with pytest.raises(SuaraError, match=r"found qq\. Correct the column languages"):
        Identifier(["id", "qq"]).identify(INDONESIAN)
    with pytest.raises(SuaraError, match="expected at least one"):
        Identifier([])


def test_every_study_names_languages_that_can_be_identified() -> None:
    with open(DBT_PROJECT_DIR / "seeds" / "studies" / "studies.csv", encoding="utf-8", newline="") as handle:
        studies = list(csv.DictReader(handle))
    assert studies
    for languages in {row["languages"] for row in studies}:
        assert Identifier(languages.split("|")).identify(ENGLISH).tag


class _Counting(Identifier):
    """An identifier that writes down what it was asked."""

    def __init__(self) -> None:
        super().__init__(["id", "en"])
        self.asked: list[str] = []

    def identify(self, text: str):
        self.asked.append(text)
        return super().identify(text)


def test_a_text_is_looked_at_once_and_leaves_when_it_is_gone() -> None:
    with duckdb.connect() as con:

        def build(*texts: str, name: str = "first") -> tuple[list, list[str]]:
            con.execute("create or replace table texts (text_hash varchar, text varchar, u boolean, s boolean)")
            con.executemany("insert into texts select md5($1), $1, true, false", [[text] for text in texts])
            asked = con.query("select text_hash, text, u as is_undeclared, s as has_segments from texts")
            counting = _Counting()
            counting.__dict__["name"] = name
            earlier = "kept" if con.execute("from duckdb_tables() where table_name = 'kept'").fetchall() else None
            identified(con, asked, counting, earlier, chunk=1)
            con.execute("create or replace table kept as select * from texts_identified")
            rows = con.execute("select text_hash, language from kept order by language").fetchall()
            return [language for _, language in rows], counting.asked

        assert build(INDONESIAN, ENGLISH) == (["en", "id"], [INDONESIAN, ENGLISH])
        assert build(INDONESIAN, ENGLISH) == (["en", "id"], [])
        assert build(ENGLISH, "Kabar baik dari desa") == (["en", "id"], ["Kabar baik dari desa"])
        assert build(ENGLISH, name="another library")[1] == [ENGLISH]


@pytest.mark.parametrize(
    ("root", "forms"),
    [
        ("dagang", "perdagangan diperdagangkan memperdagangkan pedagang berdagang"),
        ("tampung", "penampungan menampung ditampung"),
        ("tangkap", "menangkap ditangkap penangkapan"),
        ("lapor", "melaporkan pelapor laporan dilaporkan"),
        ("lindung", "perlindungan melindungi dilindungi"),
        ("selamat", "diselamatkan menyelamatkan penyelamatan"),
        ("eksploitasi", "eksploitasi dieksploitasi mengeksploitasi"),
        ("korban", "korban korbannya"),
        ("perempuan", "perempuan"),
        ("keluarga", "keluarga keluarganya"),
        ("jumat", "jum'at"),
    ],
)
def test_indonesian_affixes_come_off(root: str, forms: str) -> None:
    assert {stem(form, "id") for form in forms.split()} == {root}


def test_english_is_stemmed_as_english_and_other_scripts_are_left_alone() -> None:
    assert {stem(word, "en") for word in ("trafficking", "trafficked", "trafficking's")} == {"traffick"}
    assert stem("perdagangan", "en") != "dagang"
    assert [stem(word, "id") for word in ("торговля", "2024", "café")] == ["торговля", "2024", "café"]
    assert stem("perdagangan", "und") == "perdagangan"


def test_stop_words_are_those_of_the_language_without_the_words_of_the_codebook() -> None:
    plain, kept = StopWords([]), StopWords(["kasus", "bekerja*", "cases of trafficking"])
    assert plain.holds("kasus", "id") and not kept.holds("kasus", "id")
    assert plain.holds("bekerja", "id") and not kept.holds("bekerja", "id")
    assert kept.holds("of", "en")  # a word of a phrase is no word of the codebook
    assert kept.holds("yang", "id") and not kept.holds("yang", "en")
    assert not kept.holds("yang", "und")


def test_a_changed_codebook_asks_every_word_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("orchestration.text.stems.stem", lambda word, language: asked.append(word) or word)
    with duckdb.connect() as con:
        con.execute("create schema w; create table words as select 'kasus' as word, 'id' as language")
        for terms, expected in (([""], ["kasus"]), ([""], []), (["kasus"], ["kasus"])):
            asked.clear()
            con.execute("create or replace table terms as select unnest($1::varchar[]) as term", [terms])
            answer = stems_of_words(con, con.query("from words"), con.query("from terms"), "w.stems")
            rows = answer.fetchall()
            con.execute("create or replace table w.stems as select * from words_stemmed")
            assert asked == expected
        assert [(word, is_stop) for word, _, _, is_stop, _ in rows] == [("kasus", False)]


@pytest.mark.parametrize(
    "cells", [(10, 1000, 2, 3000), (5, 100, 50, 1000), (0, 500, 12, 400), (7, 7000, 7, 7000), (3, 10, 0, 10)]
)
def test_log_likelihood_is_that_of_a_table_of_four_cells(cells: tuple[int, int, int, int]) -> None:
    a, total, b, other = cells
    table = [[a, b], [total - a, other - b]]
    expected = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    assert log_likelihood(*cells) == pytest.approx(expected, abs=1e-9)


def test_log_ratio_counts_doublings_and_half_a_word_for_none() -> None:
    assert log_ratio(8, 1000, 2, 1000) == pytest.approx(2)
    assert log_ratio(2, 1000, 8, 2000) == pytest.approx(-1)
    assert log_ratio(4, 1000, 0, 1000) == pytest.approx(3)


def test_npmi_is_one_only_together_zero_by_chance_and_minus_one_apart() -> None:
    assert npmi(5, 5, 5, 100) == pytest.approx(1)
    assert npmi(10, 20, 50, 100) == pytest.approx(0)
    assert npmi(0, 20, 50, 100) == -1
    # by hand: ln(4 * 100 / (10 * 8)) / -ln(4 / 100) = ln 5 / ln 25
    assert npmi(4, 10, 8, 100) == pytest.approx(0.5)


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Three posts of an organisation and one of a private person, with the tables that words are asked of."""
    posts = [
        ("a", "org", 2020, "id", "Korban TPPO: cegah perdagangan orang"),
        ("b", "org", 2021, "en", "cegah ＴＰＰＯ dan korban"),
        ("c", "org", 2021, "id", "korban lain"),
        ("d", "person", 2021, "id", "korban korban korban rahasia"),
    ]
    with duckdb.connect() as con:
        con.execute("create schema marts; create schema intermediate")
        con.execute(
            "create table marts.dim_accounts as select * from (values ('org', 'Org', true, false), "
            "('person', 'Person', false, true)) t(account_key, handle, is_registered, is_capture_owner)"
        )
        con.execute(
            "create table marts.fct_posts (post_key varchar, account_key varchar, post_id varchar, posted_date date, "
            "posted_at timestamptz, language varchar, text varchar, is_own boolean)"
        )
        con.execute("create table marts.fct_post_themes as select 'b' as post_key, 'TOP.TIP' as theme_code")
        con.execute(
            "create table intermediate.int_posts__words (post_key varchar, "
            "tokens struct(folded varchar, token_start integer)[])"
        )
        words: set[str] = set()
        for key, account, year, language, text in posts:
            con.execute(
                "insert into marts.fct_posts values ($1, $2, $1, $3, $3, $4, $5, true)",
                [key, account, f"{year}-05-01", language, text],
            )
            folded = [word.strip(":").lower().replace("ｔｐｐｏ", "tppo") for word in text.split()]
            starts = [text.index(word) for word in text.split()]
            con.execute(
                "insert into intermediate.int_posts__words select $1, list_transform(list_zip($2::varchar[], "
                "$3::integer[]), lambda p: {'folded': p[1], 'token_start': p[2]})",
                [key, folded, starts],
            )
            words |= set(folded)
        con.execute(
            "create table intermediate.int_words__stems as select word, 'id' as language, "
            "case when word = 'perdagangan' then 'dagang' else word end as stem, word = 'dan' as is_stop_word "
            "from (select unnest($1::varchar[]) as word)",
            [sorted(words)],
        )
        con.execute(
            "create table marts.dim_words as select language, stem, min(word) as word "
            "from intermediate.int_words__stems group by all"
        )
        yield con


def test_keyword_in_context_shows_the_text_around_each_place_and_no_private_person(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    hits = keyword_in_context(warehouse, "korban", Selection(), width=6)
    assert [(hit.post_id, hit.left, hit.match, hit.right) for hit in hits] == [
        ("a", "", "Korban", " TPPO:"),
        ("b", "O dan ".replace("O", "Ｏ"), "korban", ""),
        ("c", "", "korban", " lain"),
    ]
    phrase = keyword_in_context(warehouse, "perdag* orang", Selection())
    assert [(hit.left, hit.match) for hit in phrase] == [("Korban TPPO: cegah ", "perdagangan orang")]
    assert keyword_in_context(warehouse, "orang perdagangan", Selection()) == []
    assert "\n".join(lines(hits)).count("orban") == 3


@pytest.mark.parametrize(
    ("conditions", "posts"),
    [
        (["year=2021"], "b c"),
        (["year=2020-2021", "language=id"], "a c"),
        (["theme=TOP.TIP"], "b"),
        (["account=@ORG", "year=2020"], "a"),
    ],
)
def test_conditions_choose_posts(warehouse: duckdb.DuckDBPyConnection, conditions: list[str], posts: str) -> None:
    hits = keyword_in_context(warehouse, "korban", Selection.parse(conditions))
    assert [hit.post_id for hit in hits] == posts.split()


@pytest.mark.parametrize("condition", ["account=person", "account=somebody", "theme=NO.SUCH", "year=1999"])
def test_a_condition_that_no_post_meets_is_refused(warehouse: duckdb.DuckDBPyConnection, condition: str) -> None:
    chosen = Selection.parse([condition])
    with pytest.raises(SuaraError, match="expected posts with words; found none"):
        keyword_in_context(warehouse, "korban", chosen)
    with pytest.raises(SuaraError, match="expected posts with words; found none"):
        collocations(warehouse, "korban", chosen)


@pytest.mark.parametrize("condition", ["year", "year=soon", "colour=red", "account="])
def test_a_condition_that_cannot_be_read_is_refused(condition: str) -> None:
    with pytest.raises(SuaraError, match="expected"):
        Selection.parse([condition])


def test_keyness_compares_shares_of_stems_between_two_sets(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = {k.word: k for k in keyness(warehouse, Selection.parse(["year=2020"]), None, least_count=1)}
    # 5 words in 2020, 6 in the other two posts of the organisation
    korban = found["korban"]
    assert (korban.count, korban.post_count, korban.other_count, korban.other_post_count) == (1, 1, 2, 2)
    assert (korban.per_10_000, korban.other_per_10_000) == (pytest.approx(2000), pytest.approx(10_000 / 3))
    assert korban.g2 == pytest.approx(log_likelihood(1, 5, 2, 6))
    assert found["perdagangan"].log_ratio > 0 > found["lain"].log_ratio
    assert "rahasia" not in found
    with pytest.raises(SuaraError, match="year 1999: expected posts with words"):
        keyness(warehouse, Selection.parse(["year=1999"]), None)


def test_collocations_count_words_within_the_window_of_any_hit(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = {c.word: c for c in collocations(warehouse, "tppo", Selection(), window=1, least_count=1)}
    # a: korban [tppo] cegah ; b: cegah [tppo] dan
    assert {word: (c.together, c.post_count, c.count) for word, c in found.items()} == {
        "cegah": (2, 2, 2),
    }
    # 9 words that are no hit, 4 of them beside one: cegah stands 2 times, 2 * 4 / 9 expected
    assert found["cegah"].expected == pytest.approx(8 / 9)
    assert found["cegah"].npmi == pytest.approx(npmi(2, 4, 2, 9))
    with pytest.raises(SuaraError, match="found it nowhere"):
        collocations(warehouse, "rahasiaku", Selection())
