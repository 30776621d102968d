"""Entities from text: cases of our own, in the languages and with the accidents of real posts.

Belongs here: single texts and what stands in them. Does not belong here: the public conformance suite
(tests/integration/test_entities_real.py) and the models that use the macros (their unit tests stand beside them).
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance import hashtags_sql, mentions_sql
from tests.sql_macros import evaluate, render


def hashtags(text: str) -> list[str]:
    return [entity["tag"] for entity in evaluate(hashtags_sql(), [text])[0]]


def mentions(text: str) -> list[str]:
    return [entity["handle"] for entity in evaluate(mentions_sql(), [text])[0]]


def one(macro: str, text: str | None) -> Any:
    return evaluate(render(macro, "text"), [text])[0]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("Bersama cegah #PerdaganganOrang, mulai dari desa! #StopTPPO", ["PerdaganganOrang", "StopTPPO"]),
        ("Safe #Migration-for all", ["Migration"]),
        ("#MigrasiAman#StopTPPO", []),  # glued together: the platform marks neither
        ("##StopTPPO", ["StopTPPO"]),
        ("＃移民 and #移民", ["移民", "移民"]),
        ("ayo#StopTPPO", []),
        ("(#lawan)“#cegah”—#lapor", ["lawan", "cegah", "lapor"]),
        ("#2024 #UU21 #21UU #_ #a_1", ["UU21", "21UU", "a_1"]),
        ("press #️⃣ or 1️⃣", []),
        ("🙏#doa ❤️#cinta 👩‍👧#ibu", ["doa", "cinta", "ibu"]),
        ("#cafe\u0301 #ＡＢＣ", ["cafe\u0301", "ＡＢＣ"]),
        ("#مكافحة_الاتجار، #人身取引。", ["مكافحة_الاتجار", "人身取引"]),
        ("satu\u00a0#dua\r#tiga\r\n#empat\u3000#lima", ["dua", "tiga", "empat", "lima"]),
        ("Tom &#x27;quoted&#x27; twice", []),
        ("Q&A &#Lapor now", ["Lapor"]),
        ("#https://iom.int #iom://x", []),
        ("https://iom.int/page#fragment and iom.int/#home", []),
        ("https://iom.int/page #after", ["after"]),
        ("selesai.#mulai", ["mulai"]),
        ("di laman iom.int.#mulai", ["mulai"]),
        ("", []),
    ],
)
def test_hashtags_of_a_text(text: str, tags: list[str]) -> None:
    assert hashtags(text) == tags


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("Terima kasih @KemenPPPA dan @un_migration!", ["KemenPPPA", "un_migration"]),
        ("RT @KemluRI: bersama @iom", ["KemluRI", "iom"]),
        ("RT@KemluRI rt@iom ART@iom", ["KemluRI", "iom"]),
        ("pengaduan@iom.int, a.b-c@iom.int", []),
        ("＠iom and @iom", ["iom", "iom"]),
        ("via @@iom", ["iom"]),
        ("the @iom&@unodc and & @who", ["iom", "who"]),
        ("you &@iom", ["iom"]),
        ("f@@k $@!% #@you", []),
        ("@iom@unodc", []),
        ("@iomé @iome\u0301", []),
        (".@iom, (@unodc) /@who “@ilo”", ["iom", "unodc", "who", "ilo"]),
        ("@abcdefghijklmnopqrst @abcdefghijklmnopqrstu", ["abcdefghijklmnopqrst"]),
        ("@iom/partners is a list, @iom/2 is not", ["iom"]),
        ("https://medium.com/@writer/a-story by @writer", ["writer"]),
        ("🙏@iom 感谢@unodc你 @ilo،", ["iom", "unodc", "ilo"]),
        ("a\u00a0@b\r@c\n@d", ["b", "c", "d"]),
        ("", []),
    ],
)
def test_mentions_of_a_text(text: str, handles: list[str]) -> None:
    assert mentions(text) == handles


@pytest.mark.parametrize(
    ("text", "handle"),
    [
        ("@iom terima kasih", "iom"),
        ("\u00a0\u3000 ＠iom hi", "iom"),
        ("@iom", "iom"),
        ("@iom: yes", "iom"),
        ("@iom:", "iom"),
        ("@iom\r\nyes", "iom"),
        (".@iom hi", None),
        ("hi @iom", None),
        ("@iom@unodc", None),
        ("@iomé", None),
        ("@https://iom.int", None),
        ("@abcdefghijklmnopqrstu", None),
        ("", None),
        (None, None),
    ],
)
def test_reply_is_the_handle_a_text_begins_with(text: str | None, handle: str | None) -> None:
    assert one("reply_handle_in", text) == handle


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("baca https://iom.int/id/berita.", ["https://iom.int/id/berita"]),
        ("baca HTTPS://IOM.int/ dan iom.int", ["HTTPS://IOM.int/", "iom.int"]),
        ("lihat https://id.wikipedia.org/wiki/Daftar_(A) ya", ["https://id.wikipedia.org/wiki/Daftar_(A)"]),
        ("https://t.co/abcDEF1234… https://t.co/abc123's", ["https://t.co/abcDEF1234", "https://t.co/abc123"]),
        ("lengkap di www.kemlu.go.id, atau hubungi a@kemlu.go.id", ["www.kemlu.go.id"]),
        ("selesai.Kami lanjut; 10.000 orang; arsip.tar.bz2", []),
        ("https://a.com/x?to=https://b.com/y#z!", ["https://a.com/x?to=https://b.com/y#z"]),
        ("https://a.com,https://b.com", ["https://a.com", "https://b.com"]),
        ("xhttps://a.com #https://a.com @https://a.com $https://a.com", []),
        ("https://localhost https://127.0.0.1 ftp://iom.int", []),
        ("https://bücher.example.com/straße http://пример.рф/путь", [
            "https://bücher.example.com/straße",
            "http://пример.рф/путь",
        ]),
        ("详情https://iom.int/zh中文", ["https://iom.int/zh"]),
        ("a\u00a0iom.int\riom.int/x\nb", ["iom.int", "iom.int/x"]),
        ("http://" + "a" * 64 + ".com", []),
        ("tanpa tautan", []),
        ("", []),
    ],
)  # fmt: skip
def test_urls_of_a_text(text: str, urls: list[str]) -> None:
    assert [entity["url"] for entity in one("urls_in", text)] == urls


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("naik $TLKM dan $BBCA.JK", ["TLKM", "BBCA.JK"]),
        ("US$TLKM $100 $IDR100 $TOOLONGX", []),
        ("$A\u00a0$B\r$C", ["A", "B", "C"]),
    ],
)
def test_cashtags_of_a_text(text: str, symbols: list[str]) -> None:
    assert [entity["symbol"] for entity in one("cashtags_in", text)] == symbols


PLACES = (
    "🙏👩\u200d👧 感谢 @iom, cafe\u0301 #StopTPPO\r\n＃移民 https://iom.int/a#b "
    "iom.int/#c ＠unodc $TLKM x#y \u00a0@who/list #akhir",
    "@iom #a",
    "https://iom.int/#a#b @x",
    "#a https://iom.int https://iom.int",
)


@pytest.mark.parametrize("text", PLACES)
def test_places_count_code_points_and_cover_the_sign(text: str) -> None:
    (tags, names, lists, links, cash) = evaluate(
        f"struct_pack(a := {hashtags_sql()}, b := {mentions_sql()}, c := {render('mentions_and_lists_in', 'text')}, "
        f"d := {render('urls_in', 'text')}, e := {render('cashtags_in', 'text')})",
        [text],
    )[0].values()

    def there(entity: dict) -> str:
        return text[entity["start"] : entity["end"]]

    assert all(there(e) in ("#" + e["tag"], "＃" + e["tag"]) for e in tags)
    assert all(there(e) in ("@" + e["handle"], "＠" + e["handle"]) for e in names)
    assert all(there(e)[1:] == e["handle"] + e["list_slug"] for e in lists)
    assert all(there(e) == e["url"] for e in links)
    assert all(there(e) == "$" + e["symbol"] for e in cash)
    assert tags or names


@pytest.mark.parametrize("text", PLACES)
def test_hidden_urls_move_nothing(text: str) -> None:
    hidden = one("hide_urls", text)
    assert len(hidden) == len(text)
    assert {h for h, t in zip(hidden, text, strict=True) if h != t} <= {"x"}
    # where no # and no @ follows a dot, nothing has to be hidden
    assert not one("urls_in", hidden) or hidden == text


@pytest.mark.parametrize(
    "macro", ["hashtags_in", "mentions_in", "mentions_and_lists_in", "cashtags_in", "urls_in", "hide_urls"]
)
def test_unknown_text_has_unknown_entities_and_an_empty_one_has_none(macro: str) -> None:
    unknown, empty = evaluate(render(macro, "text"), [None, ""])
    assert unknown is None
    assert not empty and empty is not None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("RT @iom: bersama #StopTP…", "RT @iom: bersama "),
        ("RT @iom: bersama @un_migr…", "RT @iom: bersama "),
        ("bersama #a #b …", "bersama #a #b …"),
        ("bersama kit…", "bersama kit…"),
        ("#a… dan", "#a… dan"),
        ("#a@b…", "#a"),
        (None, None),
    ],
)
def test_word_that_a_cut_went_through_is_left_out(text: str | None, left: str | None) -> None:
    assert one("without_cut_word", text) == left


def test_values_of_one_text_do_not_reach_another() -> None:
    texts = ["#a", None, "", "@b #c", "#d #e", "tidak ada"]
    assert evaluate(hashtags_sql(), texts) == [value for text in texts for value in evaluate(hashtags_sql(), [text])]
    assert evaluate(render("urls_in", "text"), ["a.id b.id", "x", "https://c.id"]) == [
        [{"start": 0, "end": 4, "url": "a.id"}, {"start": 5, "end": 9, "url": "b.id"}],
        [],
        [{"start": 0, "end": 12, "url": "https://c.id"}],
    ]
