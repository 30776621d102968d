"""The pages for readers: study report, data dictionary, terminal summary."""

from __future__ import annotations

import ast
import re
import shutil
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from string import Formatter

import duckdb
import pytest
from jinja2 import nodes

from expectations.catalog import CATALOG
from expectations.thresholds import THRESHOLDS
from orchestration.contract import DataDir
from orchestration.publishing import report as report_module
from orchestration.publishing.dictionary import dictionary_markdown, write_dictionary
from orchestration.publishing.figures import ranked_bars, render, spoken
from orchestration.publishing.indonesian import INDONESIAN
from orchestration.publishing.pages import CAP_NAMES, environment
from orchestration.publishing.published_file import build_candidate, build_published_file, promote
from orchestration.publishing.quality_page import write_quality_page
from orchestration.publishing.queries import QUERIES
from orchestration.publishing.report import (
    EVERYONE_ELSE,
    EVERYONE_ELSE_NOT_NAMED,
    LONGEST_TABLE,
    write_study_report,
)
from orchestration.publishing.summary import summarise
from orchestration.publishing.texts import Text, number, say, share
from tests.chromium import CHROMIUM, FLAGS, needs_chromium
from tests.unit.publishing_fixture import PRIVATE_HANDLE, TABLES, make_descriptions, make_warehouse

PUBLISHING = Path(report_module.__file__).parent
TEMPLATES = sorted((PUBLISHING / "templates").glob("*.html.j2"))
# Where texts of a page are said.
SPEAKING = ("texts.py", "report.py", "quality_page.py", "dictionary.py", "figure_pack.py")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    paths = DataDir(tmp_path_factory.mktemp("data"))
    warehouse = make_warehouse(paths.root)
    candidate = build_candidate(
        warehouse,
        paths.candidates / "publish",
        run_id="r1",
        descriptions=make_descriptions(warehouse),
        study="demo",
    )
    promote(candidate, paths.published)
    return paths


@pytest.fixture(scope="module")
def report(paths: DataDir) -> str:
    return (paths.published / "study_report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def dictionary(paths: DataDir) -> str:
    return (paths.published / "data_dictionary.html").read_text("utf-8")


class Page(HTMLParser):
    """What a test asks of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module", params=["study_report.html", "data_dictionary.html", "data_quality.html"])
def page(request: pytest.FixtureRequest, paths: DataDir) -> str:
    return (paths.published / request.param).read_text("utf-8")


# ---------- every page


def test_page_asks_the_network_for_nothing(page):
    parsed = Page(page)
    loading = {"src", "href", "srcset", "data", "poster", "action", "xlink:href", "background"}
    for _, attrs in parsed.tags:
        for name, value in attrs.items():
            if name in loading:
                assert value is not None and value.startswith("#"), (name, value)
    assert not {"link", "iframe", "img", "object", "embed"} & {tag for tag, _ in parsed.tags}
    for script in re.findall(r"<script.*?</script>", page, re.DOTALL):
        assert not re.search(
            r"fetch|XMLHttp|import|Beacon|Socket|Worker|Storage|cookie|indexedDB|eval|Function", script
        )
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_page_has_landmarks_headings_in_order_and_unique_ids(page):
    parsed = Page(page)
    tags = [tag for tag, _ in parsed.tags]
    assert [tags.count(tag) for tag in ("main", "header", "h1", "footer")] == [1, 1, 1, 1]
    assert parsed.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [attrs["id"] for _, attrs in parsed.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [attrs["href"][1:] for attrs in parsed.all("a")]
    labels = [attrs["aria-labelledby"] for _, attrs in parsed.tags if "aria-labelledby" in attrs]
    assert set(targets) | set(labels) <= set(ids)


def test_page_says_that_the_data_is_synthetic(page):
    assert "SYNTHETIC DATA" in page


@pytest.mark.parametrize("write", [write_study_report, write_dictionary, write_quality_page])
def test_same_file_gives_the_same_bytes(paths, tmp_path, write):
    write(paths.published_file, tmp_path / "a.html")
    write(paths.published_file, tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


# ---------- report


def test_report_names_no_private_person_and_quotes_no_post(paths, report):
    assert PRIVATE_HANDLE not in report.lower()
    assert "to @" not in report
    with duckdb.connect(str(paths.published_file), read_only=True) as con:
        handles = con.execute("select handle from marts.dim_accounts where not is_registered").fetchall()
    assert handles and not [handle for (handle,) in handles if handle.lower() in report.lower()]


def test_report_counts_everybody_else_in_one_row(paths):
    with duckdb.connect(str(paths.published_file), read_only=True) as con:
        partners = con.execute(QUERIES["partners"]).fetchall()
    assert [row[:3] for row in partners] == [
        ("IOM headquarters", "@UNmigration", True),
        ("Everyone else, not named", None, False),
    ]


def test_every_picture_has_words_a_table_and_its_sql(report):
    parsed = Page(report)
    pictures = [attrs for _, attrs in parsed.tags if attrs.get("role") == "img"]
    assert len(pictures) >= 8
    assert all(len(attrs["aria-label"]) > 40 for attrs in pictures)
    assert len(parsed.all("svg")) == 2 * len(pictures)
    assert len(parsed.all("table")) == len(parsed.all("caption")) >= len(pictures)
    assert report.count("SQL against the published file") >= len(pictures)


def test_every_figure_has_its_rows_and_sql_that_gives_as_many(paths, report):
    answers = re.findall(r'<section class="answer">(.*?)</section>', report, re.DOTALL)
    assert len(answers) >= 30
    with duckdb.connect(str(paths.published_file), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        for answer in answers:
            (sql,) = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", answer, re.DOTALL)
            found = con.execute(unescape(sql)).fetchall()
            said = re.findall(r'<span lang="en">(?:[^<]*, )?([\d,]+) rows?</span>', answer)
            drawn = answer.count("<tr>") - answer.count("<thead>")
            if 'id="f-issues"' in answer:  # cards, one per check and place
                drawn = answer.count("<strong>c") + answer.count("<strong>archive.zip")
            title = re.search(r"<h3.*?</h3>", answer)[0]
            assert drawn == min(len(found), LONGEST_TABLE), title
            # without rows the page says so in words
            assert [int(number.replace(",", "")) for number in said] == ([len(found)] if found else said), title


def test_headline_numbers_come_from_the_file(report):
    text = Page(report).text
    assert "900 posts from 3 July 2015 to 18 December 2017" in text
    assert "counted in the time zone Asia/Jakarta" in text
    assert "Synthetic <demo> & test" in text


def test_a_month_outside_coverage_has_no_number(report):
    row = re.search(r"<tr>.*?2016-03.*?</tr>", report).group(0)
    assert "missing" in row
    assert row.count("–") == 2
    assert (
        "30 months from July 2015 to December 2017: 27 wholly observed, 2 observed in part, 1 not observed." in report
    )


def test_themes_are_labelled_as_unvalidated(report):
    assert "Unvalidated codebook, version 0.1-draft." in report
    assert "carry no theme" in report


def test_checks_that_did_not_pass_say_what_to_do(report):
    text = Page(report).text
    assert "Export again as text." in text and "Ask for the archive again." in text
    # r0 passed the check that r1 failed: only the newest run of a gate counts
    assert "1 outcome passed, 1 warned, 1 failed." in text


def test_series_of_official_reporters_stand_apart_and_inside_the_years_of_the_data(report):
    section = report[report.index('<section id="indicators"') : report.index('<section id="claims"')]
    # of the fixture one series rises, one is a placement, and 1999 is outside the data
    assert "Of 1 series with three years or more, 1 end higher than they began and 0 lower." in section
    assert section.count("2015–2017") == 2 and "1999" not in section
    assert "Reported, not counted here" in section


def test_a_claim_shows_the_reading_that_decides_and_every_other_in_a_table(report):
    section = report[report.index('id="claims"') : report.index('id="quality"')]
    cards = section[: section.index("Every reading")]
    assert "later against earlier" in cards and "each year" not in cards
    assert "1 of 2 readings can be tested" in cards
    assert "fragile: readings differ" in cards
    assert "1.90 to 3.10" in section and "10.0\u00a0%" in section and "not testable" in section
    assert "caused" not in section.replace("never what caused it", "")


def test_records_are_accounted_for_without_their_content(report):
    text = Page(report).text
    assert "964 records delivered = 959 loaded + 5 rejected." in text
    assert "no_time" in text and "Ask for a new archive." in text
    assert "secret words" not in text


def test_control_totals_that_agree_are_left_out(report):
    assert "manifest.tweets" in report
    assert "tweet_headers" not in report


def test_repairs_of_ids_and_times_are_told_for_captures_that_needed_any(report):
    text = Page(report).text
    assert "800 ids found again in another capture, 105 lost, 697 times taken from ids." in text
    assert "420 to 480" in text
    section = text[text.index("Captures whose ids or times are not all sound") :]
    assert "x_api_v2" not in section[: section.index("Control totals")]


def test_report_of_a_warehouse_without_posts(tmp_path):
    warehouse = make_warehouse(tmp_path)
    descriptions = make_descriptions(warehouse)
    with duckdb.connect(str(warehouse)) as con:
        for name in TABLES:
            con.execute(f"delete from {name}")
    candidate = build_candidate(warehouse, tmp_path / "c", run_id="r", descriptions=descriptions)
    assert "There are no posts in this data yet." in candidate.report.read_text("utf-8")


def test_report_says_beside_every_trend_that_it_may_begin_at_a_cut(report, paths, tmp_path):
    assert report.count("may be what a cut left") >= 10
    assert "a round number of posts was captured, as when a tool stops" in report
    shutil.copyfile(paths.published_file.resolve(), tmp_path / "uncut.duckdb")
    (tmp_path / "uncut.duckdb").chmod(0o644)
    with duckdb.connect(str(tmp_path / "uncut.duckdb")) as con:
        con.execute("update marts.fct_post_volume set suspected_cap = null")
    write_study_report(tmp_path / "uncut.duckdb", tmp_path / "uncut.html")
    assert "what a cut left" not in (tmp_path / "uncut.html").read_text("utf-8")


def test_report_of_several_accounts_draws_them_apart(tmp_path):
    warehouse = make_warehouse(tmp_path)
    descriptions = make_descriptions(warehouse)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("update marts.dim_accounts set is_focal = false")
        con.execute(
            "insert into marts.dim_accounts values ('a9', '9', null, 'x', 'somebody_else_entirely', 'S', null, null, "
            "'private_person', 3, false, true, false, null, null)"
        )
        con.execute(
            "insert into marts.fct_post_volume values "
            "('a9', '2015-07-01', 'original', 3, 31, 31, 1.0, 'observed', null, 'UTC')"
        )
        con.execute(
            "insert into marts.fct_posts select * replace (post_key || 'x' as post_key, 'a9' as account_key, "
            "'somebody_else_entirely' as handle) from marts.fct_posts where record_no in (4, 8, 12)"
        )
        # an audience of another size
        con.execute(
            "insert into marts.fct_post_engagement select post_key, capture_id, record_no, 'likes', 'export', 5000, 0, "
            "null, null, true, 400, null from marts.fct_posts where account_key = 'a9'"
        )
    candidate = build_candidate(warehouse, tmp_path / "c", run_id="r", descriptions=descriptions)
    report = candidate.report.read_text("utf-8")
    assert "2 accounts posted" in Page(report).text
    assert "Account 2 (not registered)" in report
    assert "somebody_else_entirely" not in report
    # themes are known of registered accounts only: others do not stand beside them with nothing
    with duckdb.connect(str(candidate.file), read_only=True) as con:
        named = {row[2] for row in con.execute(QUERIES["theme_accounts"]).fetchall()}
    assert named == {"Yayasan Suara Sintetis, @SuaraSyntheticOrgDemo"} and "Themes by account" not in report
    # likes of two audiences are not put together: one account is drawn, both are in the table
    assert report.count("Shown is Yayasan Suara Sintetis, @SuaraSyntheticOrgDemo") == 2
    with duckdb.connect(str(candidate.file), read_only=True) as con:
        medians = {(row[0], row[1]): row[7] for row in con.execute(QUERIES["engagement"]).fetchall()}
    assert medians["Account 2 (not registered)", 2015] == 5000
    assert medians["Yayasan Suara Sintetis, @SuaraSyntheticOrgDemo", 2015] < 40


def test_report_compares_the_themes_of_registered_accounts(tmp_path):
    warehouse = make_warehouse(tmp_path)
    descriptions = make_descriptions(warehouse)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("update marts.dim_accounts set is_focal = false")
        con.execute(
            "insert into marts.dim_accounts values ('a9', '9', 'o9', 'x', 'SyntheticOffice', 'S', 'Office', 'office', "
            "'synthetic', 3, true, true, false, null, null)"
        )
        con.execute(
            "insert into marts.fct_posts select * replace (post_key || 'x' as post_key, 'a9' as account_key) "
            "from marts.fct_posts where record_no in (4, 8, 12)"
        )
        con.execute(
            "insert into marts.fct_post_themes select post_key || 'x', 'AWR', '0.1-draft', 1 from marts.fct_posts "
            "where record_no in (4, 8) and account_key = 'a1'"
        )
    candidate = build_candidate(warehouse, tmp_path / "c", run_id="r", descriptions=descriptions)
    assert "Themes by account" in candidate.report.read_text("utf-8")
    with duckdb.connect(str(candidate.file), read_only=True) as con:
        shares = {(row[0], row[2]): row[5] for row in con.execute(QUERIES["theme_accounts"]).fetchall()}
    assert shares["Awareness campaign", "Office, @SyntheticOffice"] == pytest.approx(2 / 3)


def test_report_of_an_account_that_is_not_registered_says_no_theme_and_no_word_instead_of_none(tmp_path, report):
    # 2026-11-27: an archive whose owner nobody had registered was told that 100 % of its posts carry no theme
    warehouse = make_warehouse(tmp_path)
    descriptions = make_descriptions(warehouse)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("update marts.dim_accounts set is_registered = false")
        for name in ("marts.fct_post_themes", "marts.fct_word_months"):
            con.execute(f"delete from {name}")
    candidate = build_candidate(warehouse, tmp_path / "c", run_id="r", descriptions=descriptions)
    page = candidate.report.read_text("utf-8")
    assert "carry no theme" in report and "carry no theme" not in page
    assert "No theme is counted" in page and "They are counted of registered accounts only." in page
    themes = page[page.index('<section id="themes"') : page.index('<section id="interactions"')]
    assert "Most posts:" not in themes and "Themes per year" not in themes
    served = DataDir(tmp_path / "data")
    promote(candidate, served.published)
    said = summarise(served, outcomes=OUTCOMES, captures=[], release=None)
    assert "Not registered: no name, text, theme or word of it is shown." in said


def test_a_capture_of_one_private_account_says_how_its_account_is_registered(tmp_path, report):
    assert "These captures are of one account" not in report
    warehouse = make_warehouse(tmp_path)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("update quality.fct_capture_outcomes set is_of_one_private_account = file_name = 'archive.zip'")
    candidate = build_candidate(warehouse, tmp_path / "c", run_id="r", descriptions=make_descriptions(warehouse))
    page = Page(candidate.report.read_text("utf-8")).text
    assert "These captures are of one account that is not registered" in page
    assert "counted with all others (archive.zip c1000000)" in page
    served = DataDir(tmp_path / "data")
    promote(candidate, served.published)
    captures = [Capture("c1" + "0" * 62, "team_posts.csv")]
    said = summarise(served, outcomes=OUTCOMES, captures=captures, release=None)
    assert "Of one account that is not registered: team_posts.csv" in said
    assert "`suara accounts register @HANDLE --kind KIND`" in said


# ---------- two languages


def texts_of_the_pages(paths: DataDir) -> set[str]:
    """Every English text that a page can say: in its code, its template, and as the head of a table."""
    found: set[str] = set()
    for module in SPEAKING:
        for node in ast.walk(ast.parse((PUBLISHING / module).read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                told = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
                if node.func.id in ("say", "counted"):
                    found |= set(told)
                elif node.func.id == "words":
                    found |= {word.replace("_", " ") for word in told}
    for template in TEMPLATES:
        for node in environment().parse(template.read_text("utf-8")).find_all(nodes.Call):
            if isinstance(node.node, nodes.Name) and node.node.name in ("say", "counted"):
                found |= {argument.value for argument in node.args if isinstance(argument, nodes.Const)}
    with duckdb.connect(str(paths.published_file), read_only=True) as con:
        for name in QUERIES.keys() - {
            "release",
            "claims_decided",
            "checks_not_passed",
            "themes_untouched",
            "held_back",
        }:
            names = [column[0] for column in con.execute(QUERIES[name]).description]
            found |= {head.replace("_", " ") for head in names if head[:-3] not in names or head[-3:] != "_id"}
    return found | set(CAP_NAMES.values()) | {EVERYONE_ELSE, EVERYONE_ELSE_NOT_NAMED}


def test_every_text_is_in_the_catalogue_in_both_languages_and_no_other(paths):
    assert texts_of_the_pages(paths) == INDONESIAN.keys()
    for english, indonesian in INDONESIAN.items():
        assert indonesian.strip()
        held = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (english, indonesian)]
        assert held[0] == held[1], english
        assert [english.count(mark) for mark in ("`", "**")] == [indonesian.count(mark) for mark in ("`", "**")]
    with pytest.raises(KeyError, match="Nobody wrote this"):
        say("Nobody wrote this.")


def literal_words(template: str) -> list[str]:
    """What a template says by itself, outside the catalogue."""
    outside = re.sub(
        r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<style>.*?</style>|<script>.*?</script>", "", template, flags=re.DOTALL
    )
    parsed = Page(outside)
    told = [attrs.get(name) for _, attrs in parsed.tags for name in ("aria-label", "title", "alt", "placeholder")]
    return [text.strip() for text in [*parsed.words, *told] if text and re.search(r"[A-Za-z]", text)]


def test_templates_say_nothing_outside_the_catalogue():
    assert {template.name for template in TEMPLATES} >= {"study_report.html.j2", "quality.html.j2", "switch.html.j2"}
    for template in TEMPLATES:
        # each language is named in itself
        names = ["English", "Bahasa Indonesia"] if template.name == "switch.html.j2" else []
        assert literal_words(template.read_text("utf-8")) == names, template.name
    assert literal_words('<p title="More">Hello {{ name }}</p>') == ["Hello", "More"]


def test_every_heading_caption_and_head_of_the_report_is_in_both_languages(report):
    same = {english for english, indonesian in INDONESIAN.items() if english == indonesian}
    found = re.findall(r'<(h2|caption|figcaption|summary|h3 id|th scope="col"|dt)[^>]*>(.*?)</', report, re.DOTALL)
    assert len(found) > 150
    for tag, text in found:
        assert text.startswith('<span lang="en">') or text in same, (tag, text)
    told = re.findall(r"</h3>\n<p>(.*?)</p>|<figcaption>(.*?)</figcaption>", report)
    assert len(told) > 30 and all("".join(text).startswith('<span lang="en">') for text in told)
    text = Page(report).text
    assert "900 unggahan dari 3 Juli 2015 sampai 18 Desember 2017" in text
    assert "964 rekaman diserahkan = 959 dimuat + 5 ditolak." in text
    assert "Sejalan, belum terbukti: 2,40" in text
    assert (number(1234.5).id, share(0.1234).id, number(None).id) == ("1.234,5", "12,3\u00a0%", "–")


def test_every_text_of_a_page_stands_in_both_languages_and_every_name_of_a_part_too(page):
    # one more in Indonesian: the note on what stays English
    assert page.count('<span lang="en">') == page.count('<span lang="id">') - 1 > 20
    assert page.count('<text lang="en"') == page.count('<text lang="id"')
    named = [attrs for _, attrs in Page(page).tags if "aria-label" in attrs]
    assert named and all(attrs["data-id"] for attrs in named)


def test_words_and_numbers_of_a_picture_are_in_both_languages():
    rows = [
        {"name": Text("Awareness campaign for all", "Kampanye"), "n": 1234},
        {"name": "4.50", "n": 7},
        {"name": "<b> & c", "n": 1},
    ]
    svg = render(ranked_bars(rows, "name", [("n", "#000000")], 350, title=say("own posts")), "f")
    assert "lang=" in svg and "lang=" not in spoken(svg, "en") + spoken(svg, "id")
    told = {
        language: re.sub("</text>", "|", re.sub(r"<(?!/text)[^>]*>", "", spoken(svg, language))).split("|")
        for language in ("en", "id")
    }
    assert {"Awarenesscampaign for all", "1,234", "own posts", "4.50", "&lt;b&gt; &amp; c"} <= set(told["en"])
    assert {"Kampanye", "1.234", "unggahan sendiri", "4.50", "&lt;b&gt; &amp; c"} <= set(told["id"])
    assert len(told["en"]) == len(told["id"])
    with pytest.raises(KeyError):
        spoken(svg, "fr")


@pytest.mark.browser
@needs_chromium
def test_the_switch_changes_the_language_by_keyboard_and_the_address_keeps_it(paths):
    from playwright.sync_api import sync_playwright

    address = (paths.published / "study_report.html").resolve().as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.goto(address)
        english = page.inner_text("main")
        picture, cell = page.locator("[role=img]").first, page.locator("td.n", has_text="%").first
        name, per_cent = picture.get_attribute("aria-label"), cell.text_content()
        page.locator(".switch button[lang=id]").focus()
        page.keyboard.press("Enter")
        # the page follows the address, which may take a moment
        page.wait_for_function("document.documentElement.lang + location.hash === 'id#id'")
        assert page.locator(".switch [aria-pressed=true]").all_inner_texts() == ["Bahasa Indonesia"]
        assert page.inner_text("#h-coverage") == "Cakupan"
        assert "What was looked at" in english and "What was looked at" not in page.inner_text("main")
        assert "Deretan bulan" in picture.get_attribute("aria-label") and "Strip of months" in name
        assert "." in per_cent and cell.text_content() == per_cent.replace(".", ",")
        drawn = page.locator("#f-volume-1 ~ figure .wide text:visible").all_text_contents()
        assert "unggahan per bulan" in drawn and "posts per month" not in drawn
        # a legend is one line: its words stand beside their square, not under it
        assert page.locator(".legend li").nth(1).bounding_box()["height"] < 30
        page.emulate_media(media="print")
        assert page.inner_text("#h-coverage") == "Cakupan"
        page.emulate_media(media="screen")
        page.reload()
        assert page.inner_text("#h-coverage") == "Cakupan"
        page.locator(".switch button[lang=en]").click()
        page.wait_for_function("document.documentElement.lang === 'en'")
        assert page.inner_text("main") == english
        assert (picture.get_attribute("aria-label"), cell.text_content()) == (name, per_cent)
        # without script: the English page, whole
        plain = browser.new_context(java_script_enabled=False).new_page()
        plain.goto(address + "#id")
        assert plain.inner_text("main") == english
        assert not plain.locator(".switch").is_visible()
        for other, title in (
            ("data_quality.html", ("Data quality", "Mutu data")),
            ("data_dictionary.html", ("Data dictionary", "Kamus data")),
        ):
            page.goto((paths.published / other).resolve().as_uri())
            assert page.inner_text("h1") == title[0]
            page.locator(".switch button[lang=id]").click()
            page.wait_for_function("document.documentElement.lang === 'id'")
            assert page.inner_text("h1") == title[1]
        browser.close()


# ---------- dictionary


def test_dictionary_lists_every_table_and_column(paths, dictionary):
    text = Page(dictionary).text
    with duckdb.connect(str(paths.published_file), read_only=True) as con:
        columns = con.execute(
            "select schema_name || '.' || table_name, column_name from duckdb_columns() where not internal"
        ).fetchall()
    assert len(columns) > 100
    for table, column in columns:
        assert table in text and column in text
    assert "One row per account, month and kind." in text
    assert "Key: Kunci: account_key, posted_month, kind" in text
    assert "900 rows" in text


def test_markdown_dictionary_needs_no_data(tmp_path):
    markdown = dictionary_markdown(make_descriptions(make_warehouse(tmp_path)))
    assert "### marts.fct_posts" in markdown
    assert "| `posted_at` | TIMESTAMP WITH TIME ZONE | Meaning of posted_at. |" in markdown


# ---------- summary


@dataclass
class Capture:
    capture_id: str
    file_name: str
    source: str | None = "x_archive"
    status: str = "accepted"
    reason: str | None = None
    counts: dict[str, int] = field(default_factory=lambda: {"delivered": 910, "loaded": 905, "rejected": 5})


OUTCOMES = [
    {
        "gate": "raw",
        "check_name": "ids_intact",
        "asset": "raw/x_api_v2",
        "capture_id": "c2",
        "severity": "critical",
        "passed": False,
        "observed": "40 % end in 000",
        "expected": "0 %",
        "next_step": "Export again as text. " * 20,
    },
    {
        "gate": "marts",
        "check_name": "post_key_unique",
        "asset": "marts/fct_posts",
        "capture_id": None,
        "severity": "critical",
        "passed": True,
        "observed": "0",
        "expected": "0",
        "next_step": "",
    },
]


def test_summary_tells_captures_posts_gates_coverage_and_places(paths):
    text = summarise(
        paths,
        outcomes=OUTCOMES,
        captures=[Capture("c1", "archive.zip"), Capture("c2", "bad.jsonl", status="quarantined", reason="ids damaged")],
        release={"release_id": "x", "run_id": "r1"},
    )
    assert "archive.zip" in text and "quarantined" in text and "ids damaged" in text
    assert "Posts     900" in text
    assert "fct_post_hashtags" in text
    assert "27 observed, 2 partial, 1 missing" in text
    assert "Not registered:" not in text
    assert "may be what a cut left: a round number of posts was captured" in text
    assert "1 checks passed, 0 warned, 1 failed" in text
    assert "FAILED  raw: ids_intact  (bad.jsonl)" in text
    assert str(paths.published_file) in text
    assert text.lstrip().startswith("SYNTHETIC DATA")
    places = [line for line in text.splitlines() if str(paths.root) in line]
    assert max(len(line) for line in text.splitlines() if line not in places) <= 100


def test_summary_before_the_first_publish(tmp_path):
    text = summarise(DataDir(tmp_path), outcomes=[], captures=[], release=None)
    assert "Published nothing yet." in text
    assert "none yet" in text


def test_templates_lie_inside_the_package():
    folder = Path(__file__).parents[2] / "orchestration" / "publishing" / "templates"
    assert {p.name for p in folder.iterdir()} >= {"style.css.j2", "study_report.html.j2", "data_dictionary.html.j2"}


# ---------- quality page


OUTCOME = """
insert into quality.fct_check_outcomes values
    ($run, $at::timestamptz, $gate, $name, 'x_archive', 'c1' || repeat('0', 62), 'critical', 'validity', $passed,
        '9 of 910 are not', 'every record', 9, 'words of the outcome', 'next', $sample)
"""
SAMPLE = '["record 1 of data/tweets.js", "record 2", "record 3", "record 4", "record 5", "record 6"]'


@pytest.fixture(scope="module")
def quality(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of data for which one check of the catalog passed first and failed then."""
    folder = tmp_path_factory.mktemp("quality")
    warehouse = make_warehouse(folder)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("delete from quality.fct_check_outcomes where gate <> 'raw' or run_id <> 'r1'")
        for gate, name in (("raw", LIMITED.name), ("publish", "no_views")):
            for run, at, passed in (("r0", "2026-01-01", True), ("r1", "2026-01-02", gate == "publish")):
                con.execute(
                    OUTCOME, {"run": run, "at": at, "gate": gate, "name": name, "passed": passed, "sample": SAMPLE}
                )
    build_published_file(
        warehouse, folder / "f.duckdb", run_id="r1", descriptions=make_descriptions(warehouse), study="demo"
    )
    write_quality_page(folder / "f.duckdb", folder / "page.html")
    return (folder / "page.html").read_text("utf-8")


# A check whose line has a measured reason.
LIMITED = next(check for check in CATALOG if check.gate == "raw" and check.thresholds)


def test_quality_page_says_why_what_to_do_and_where_the_line_comes_from(quality):
    text = Page(quality).text
    assert LIMITED.why in text.replace("  ", " ")
    assert LIMITED.next_step in text
    for limit in LIMITED.thresholds:
        assert THRESHOLDS[limit].reason in text
    assert "expected every record; found 9 of 910 are not" in text
    assert "passed in 1 of 2 evaluations" in text


def test_quality_page_shows_some_examples_and_counts_the_others(quality):
    assert "<code>record 5</code>" in quality and "record 6" not in quality
    assert "and 4 more" in quality


def test_quality_page_names_no_private_person(quality):
    assert PRIVATE_HANDLE not in quality.lower()
    assert f"capture c2{'0' * 6}" in quality


def test_quality_page_counts_only_what_was_said_of_this_release(quality):
    text = Page(quality).text
    # raw: the check of the catalog and one of the fixture failed, one warned; publish speaks after the page is written
    assert "0 checks passed, 1 warned, 2 failed" in text
    assert "shown is what it said before that" in text
