"""What is taken out of a text, and what must stay: the models' macros, asked without a run."""

from __future__ import annotations

import random
import re

import duckdb
import pytest

from expectations.parts import PARTS
from tests.sql_macros import evaluate, render

POST_ID = "1588091220244369409"


def redacted(text: str) -> str:
    """A text as `int_posts__masked` leaves it: what holds nothing is not searched."""
    found, without = render("may_hold_personal_data", "text"), render("without_personal_data", "text")
    return evaluate(f"case when {found} then {without} else text end", [text])[0]


def masked(text: str, macro: str = "with_masked_mentions") -> str:
    """A text with the people in it replaced, `…` for the ten figures of each pseudonym; `iom` is registered."""
    names = "['iom', 'iom.bsky.social']"
    sql = {
        "with_masked_mentions": lambda: render(macro, "text", "'x'", names, names),
        "masked_address": lambda: render(macro, "text", "'x'", f"'{POST_ID}'", names, names),
        "without_quoted_words": lambda: render(macro, render("with_masked_mentions", "text", "'x'", names, names)),
    }[macro]()
    with duckdb.connect() as con:
        con.execute("set variable suara_key_inner = '\\x01'::blob; set variable suara_key_outer = '\\x02'::blob")
        guard = render("may_lead_to_a_person" if macro == "masked_address" else "may_hold_a_name", "text")
        [(found,)] = con.execute(
            f"select case when {guard} then {sql} else text end from (select ? as text)", [text]
        ).fetchall()
    return re.sub("(person_)[0-9a-f]{10}", r"\1…", found)


PERSONAL = {
    # telephone: what stands between the figures
    "Hub 0812\u00a09876\u00a05401.": "Hub [phone].",
    "Hub 0812\u20098765\u2009401": "Hub [phone]",
    "Hub 0812\u200b98765402": "Hub [phone]",
    "Hub 0812–9876–5401": "Hub [phone]",
    "Hub 0812 - 9876 - 5401": "Hub [phone]",
    "CP: 0812_98765403": "CP: [phone]",
    "CP 0812/9876/5403": "CP [phone]",
    "０８１２９８７６５４０４ ya": "[phone] ya",
    "𝟎𝟖𝟏𝟐𝟗𝟖𝟕𝟔𝟓𝟒𝟎𝟒": "[phone]",
    "٠٨١٢-٩٨٧٦-٥٤٠١": "[phone]",
    "0️⃣8️⃣1️⃣2️⃣9️⃣8️⃣7️⃣6️⃣5️⃣4️⃣0️⃣1️⃣": "[phone]\ufe0f\u20e3",
    # what stands before it
    "HP081298765411": "HP[phone]",
    "wa0812-9876-5411": "wa[phone]",
    "hp/wa:081298765415": "hp/wa:[phone]",
    "no_hp_081298765415": "no_hp_[phone]",
    "telepon_081298765415_budi": "telepon_[phone]_budi",
    "https://api.whatsapp.com/send?phone=6281298765402&text=hi": "https://api.whatsapp.com/send?phone=[phone]&text=hi",
    "https://chat.example.org/u/081298765406": "https://chat.example.org/u/[phone]",
    "tel:+6281298765403": "tel:[phone]",
    "https://t.me/+6281298765430": "https://t.me/[phone]",
    "https://wa.me/4915112345678": "https://wa.me/[phone]",
    "0812-98765416/0812-98765417": "[phone]/[phone]",
    "081298765416,081298765417": "[phone],[phone]",
    # how it begins, and how long it is
    "08129876540112": "[phone]",
    "+62 (0) 812 9876 5401": "[phone]",
    "0062 812 9876 5401": "[phone]",
    # fixed lines, and abroad
    "021.7654321 atau 0217654321": "[phone] atau [phone]",
    "(0251) 834-5678": "[phone]",
    "call (202) 555-0143 or 202-555-0143": "call [phone] or [phone]",
    "0044 20 7946 0958": "[phone]",
    "07700 900123": "[phone]",
    "012-345 6789": "[phone]",
    "030/901820": "[phone]",
    # identity cards
    "NIK 3174 0145 0190 0106": "NIK [nik]",
    "317401.450190.0106, 31.74.01-450190-0106": "[nik], [nik]",
    "3174\u200b0145\u200b01900106": "[nik]",
    "nik3174014501900106 NIK_3174014501900106 nik=3174014501900106": "nik[nik] NIK_[nik] nik=[nik]",
    # passports
    "paspor no A 1234507": "paspor no [passport]",
    "Paspor: C-9876543": "Paspor: [passport]",
    "passport GB 987654321, passport number 987654321": "passport [passport], passport number [passport]",
    # e-mail
    "budi (at) example.org": "[email]",
    "budi[at]example[dot]co[dot]id": "[email]",
    "budi @ gmail.com": "[email]",
    "?to=budi%40example.org": "?to=[email]",
    "budi＠example.org": "[email]",
    "@budi@gmail.com": "[email]",
    "budi@bücher.de": "[email]",
    "tulis ke budi at gmail dot com ya": "tulis ke [email] ya",
    "budi.s at kantor titik go titik id": "[email]",
    "mailto:budi@example.org": "mailto:[email]",
    # tax numbers
    "NPWP: 12.345.678.9-012.345": "NPWP: [tax number]",
    "12.345.678.9.012.345": "[tax number]",
    "NPWP 123456789012345, npwp no. 3174014501900106": "NPWP [tax number], npwp no. [tax number]",
    # accounts
    "BCA a.n. Budi 8830987610": "BCA a.n. Budi [bank account]",
    "rek. Mandiri 137-00-0123456-7, BRI 0019-01-987619-53-0": "rek. Mandiri [bank account], BRI [bank account]",
    "BCA an Budi: 883 098 7610": "BCA an Budi: [bank account]",
    "BCA KCP Depok a/n Budi 8830987610": "BCA KCP Depok a/n Budi [bank account]",
    "Bank Jago 103812345678": "Bank Jago [bank account]",
    "BNI Syariah\n0123456789": "BNI Syariah\n[bank account]",
    "BRI 001201987619530 dan 001201987620530": "BRI [bank account] dan [bank account]",
    "NO93 8601 1117 947": "[bank account]",
    "DE89-3704-0044-0532-0130-00": "[bank account]",
    "acct 1234567890, a/c no 1234567890, account #1234567890, Acc No. 1234567890": (
        "acct [bank account], a/c no [bank account], account #[bank account], Acc No. [bank account]"
    ),
    "VA 8808123456789012": "VA [bank account]",
    "5500 0000 0000 0004": "[bank account]",
}

KEPT = [
    "Hubungi 110, 112, 119, 129, 117 ext 9, 1500-771, 0800-1-401-401, 0800-1000-771, 021-500-454, 14045",
    "800-273-8255, 1-888-373-7888, (888) 373-7888",
    "No. 123/Pid.Sus/2020/PN.Jkt, 0812/SK/2020, 08/12/2020, 2020-08-12 08:12:20, 12.03.2021",
    "Rp 62.850.000.000, Rp62.812.345.678, USD 1,500,000.00, 1.500.000 orang, 850 000 000",
    "2018 2019 2020 2021, 2019-2020, 2017/2018/2019/2020",
    # of real posts: stamps of photos, a span of days
    "001__2012_07_01 06112010210 07012011131 16. 20110103_225634 14. 2012-05-10 09.43.56 31.10.2021 - 12.11.2021",
    "0900 1000 1500, 0730 1030 1500, 0.8123456",
    "BRI 2020 2021, mandiri 2020 2021 2022, rekening 2020 2021 2022, bni 10.000.000 unit, rekening Rp150.000.000",
    "Bank Mandiri, 27-11-2026 12.30; hotline BRI 021-500-454; BNI 2026-11-27 12:30:00",
    "bank mandiri https://facebook.com/groups/1234567890123",
    "biaya paspor Rp350000, paspor 350000, paspor 2020",
    "https://x.com/i/status/1588091220244369409 https://facebook.com/photo/3174014501900106",
    "Alexandria, VA 22201-1234; VA 7035",
    "person_0812345678 dan person_ab08123456 50 orang; person_8123456789",
    "@somebody@server.org (at) home [at] work, Live @ youtube.com, @ 5.30",
    "Meet us at noon, dot your i, Rp 12.345.678.900, kode 12.345.678, at home dot",
]


@pytest.mark.parametrize("text", PERSONAL)
def test_personal_data_is_taken_out_however_it_is_written(text: str) -> None:
    assert redacted(text) == PERSONAL[text]


@pytest.mark.parametrize("text", KEPT)
def test_years_prices_case_numbers_hotlines_and_pseudonyms_stay(text: str) -> None:
    assert redacted(text) == text


ADDRESSES = {
    # a number, an e-mail address or a name behind something else
    "https://wa.me/6281298765401": "https://wa.me/[phone]",
    "tel:+6281298765403": "tel:[phone]",
    "mailto:budi@example.org": "mailto:[email]",
    "https://forms.example.org/?email=budi@example.org": "https://forms.example.org/?email=[email]",
    "https://social.example/web/@budi": "https://social.example/web/@person_…",
    "https://twitter.com/iom/status/5?ref=@budi": "https://twitter.com/iom/status/5?ref=@person_…",
    "https://twitter.com/iom/status/5?via=%40budi": "https://twitter.com/iom/status/5?via=@person_…",
    # posts and members without a name, searches for somebody
    "https://www.instagram.com/p/Abc07/": "https://www.instagram.com/[somebody]",
    "https://www.facebook.com/groups/123/user/100009988770011": "https://www.facebook.com/[somebody]",
    "https://www.facebook.com/share/p/Abc57/": "https://www.facebook.com/[somebody]",
    "https://fb.watch/abc": "https://fb.watch/[somebody]",
    "https://vm.tiktok.com/ZMabc/": "https://vm.tiktok.com/[somebody]",
    "https://social.example/web/statuses/123456": "https://social.example/web/statuses/[somebody]",
    "https://twitter.com/search?q=from%3Abudi": "https://twitter.com/[somebody]",
    "https://twitter.com/search?q=%40budi&src=typd": "https://twitter.com/[somebody]",
    # more ways to a profile
    "https://twitter.com/#!/budi": "https://twitter.com/#!/person_…",
    "https://twitter.com/@budi": "https://twitter.com/@person_…",
    "https://vxtwitter.com/budi/status/1 nitter.net/budi": "https://vxtwitter.com/person_… nitter.net/person_…",
    "https://www.youtube.com/channel/UCbudi youtube.com/user/budi": (
        "https://www.youtube.com/channel/person_… youtube.com/user/person_…"
    ),
    "https://www.linkedin.com/posts/budi_activity-1": "https://www.linkedin.com/posts/person_…",
    "https://www.linkedin.com/pub/budi/1/2/3": "https://www.linkedin.com/pub/person_…",
    "https://t.me/s/budi": "https://t.me/s/person_…",
    "https://budi.bsky.social and budi.bsky.social": "https://person_… and person_…",
    "at://did:plc:abcd/app.bsky.feed.post/3k at://budi.example.org/app.bsky.feed.post/3k": "at://person_… at://person_…",
    "https://plc.directory/did:plc:abcd/log did:web:budi.example.org.": "https://plc.directory/person_… person_….",
    "https://sky.example/profile/budi.example.org/post/3k": "https://sky.example/profile/person_…",
    "https://threadreader.example/user/budi": "https://threadreader.example/user/person_…",
    "https://twitter.com//budi/status/1 https://twitter.com:443/budi": (
        "https://twitter.com//person_… https://twitter.com:443/person_…"
    ),
    "https://twitter.com/?lang=id#!/budi": "https://twitter.com/?lang=id#!/person_…",
    "https://twitter.com/login?redirect_after_login=%2Fbudi": "https://twitter.com/[somebody]",
    "https://twitter.com/messages/compose?recipient_id=12345": "https://twitter.com/[somebody]",
    "http://instagr.am/p/FEC4h/": "http://instagr.am/[somebody]",
    "https://www.threads.net/t/CuXYZ": "https://www.threads.net/t/[somebody]",
    "https://www.linkedin.com/feed/update/urn:li:activity:123": "https://www.linkedin.com/feed/update/[somebody]",
    # a link inside another, or behind one that stays
    "https://x.com/iom,https://x.com/budi/status/1": "https://x.com/iom,https://x.com/person_…",
    "[a](https://x.com/iom),[b](https://x.com/budi)": "[a](https://x.com/iom),[b](https://x.com/person_…",
    "https://www.facebook.com/sharer/sharer.php?u=https://twitter.com/budi/status/1": (
        "https://www.facebook.com/sharer/sharer.php?u=https://twitter.com/person_…"
    ),
    "https://www.google.com/url?q=https%3A%2F%2Fwww.instagram.com%2Fbudi%2F&sa=1": (
        "https://www.google.com/url?q=https%3A%2F%2Fwww.instagram.com%2Fperson_…"
    ),
    "https://publish.twitter.com/?query=https%3A%2F%2Ftwitter.com%2Fbudi": (
        "https://publish.twitter.com/?query=https%3A%2F%2Ftwitter.com%2Fperson_…"
    ),
    "https://x.com/budi/status/1,https://x.com/iom/status/2": "https://x.com/person_…,https://x.com/iom/status/2",
}
ADDRESSES_KEPT = [
    "https://twitter.com/iom/status/1 https://x.com/#!/IOM https://nitter.net/iom https://iom.bsky.social",
    f"https://twitter.com/i/web/status/{POST_ID}",
    "https://www.facebook.com/sharer/sharer.php?u=https://iom.int/news?a=b:c https://x.com/iom?lang=id",
    "https://www.google.com/url?q=https%3A%2F%2Ftwitter.com%2Fiom%2Fstatus%2F1&sa=1",
    "https://twitter.com/search?q=%23TPPO https://twitter.com/hashtag/TPPO?src=hash",
    "https://www.netflix.com/title/1 https://bsky.social/about https://www.tiktok.com/",
    "https://example.org/2020/08/12/berita-1500000-orang?id=1588091220244369409",
    "https://www.google.com/maps/@-6.2088,106.8456,15z https://www.google.com/maps/@32.7803354,-96.8045213,3a",
]

QUOTED = {
    "RT @budi: my story": "RT @person_…: [their words]",
    "Benar! QT @budi: my story": "Benar! QT @person_…: [their words]",
    "RT : @budi - my story": "RT : @person_… [their words]",
    "Retweet @budi: my story": "Retweet @person_…: [their words]",
    "#Repost @budi my story": "#Repost @person_… [their words]",
    "'@budi: don't go'": "'@person_…: [their words]",
    "« @budi: my story » benar": "« @person_…: [their words]» benar",
    '&gt; @budi: "my story" benar': '&gt; @person_…: "[their words]" benar',
    ">> @budi: my story": ">> @person_…: [their words]",
    "@budi: “my story” benar": "@person_…: “[their words]” benar",
    "“my story” via @budi": "“[their words]” via @person_…",
    '"my story" - @budi': '"[their words]" - @person_…',
    "%40budi &#64;budi @\u200bbudi": "@person_… @person_… @person_…",
    "&#x40;budi &commat;budi @bu\u200bdi @\u00adbudi": "@person_… @person_… @person_… @person_…",
    # of Instagram, in a post on X
    "IG @budi.santoso, @budi.": "IG @person_…, @person_….",
    "by @budi.https://t.co/a": "by @person_….https://t.co/a",
    "QRT @budi: my story": "QRT @person_…: [their words]",
}
WORDS_KEPT = {
    "Ayo retweet @budi agar semua tahu": "Ayo retweet @person_… agar semua tahu",
    'Buku "Laut" by @budi': 'Buku "Laut" by @person_…',
    'Film "Laut" @budi': 'Film "Laut" @person_…',
    "“Kata kami” via @IOM": "“Kata kami” via @IOM",
    "@IOM.dan @iom.int": "@IOM.dan @iom.int",
    "Terima kasih @budi: kami datang": "Terima kasih @person_…: kami datang",
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_address_that_leads_to_a_person_does_not_any_more(address: str) -> None:
    assert masked(address, "masked_address") == ADDRESSES[address]


@pytest.mark.parametrize("address", ADDRESSES_KEPT)
def test_address_that_leads_to_nobody_stays(address: str) -> None:
    assert masked(address, "masked_address") == address


@pytest.mark.parametrize("text", [*QUOTED, *WORDS_KEPT])
def test_words_of_others_go_and_words_of_the_account_stay(text: str) -> None:
    assert masked(text, "without_quoted_words") == (QUOTED | WORDS_KEPT)[text]


def test_handle_of_figures_behind_a_slash_is_no_place_on_a_map() -> None:
    assert (
        masked("police/@911, see maps/@32.7803354,-96.8045213") == "police/@person_…, see maps/@32.7803354,-96.8045213"
    )


def test_gate_finds_nothing_that_the_models_leave() -> None:
    # it would stop every release; so numbers and addresses are put together at random
    pick = random.Random(20261127)
    parts = [
        *"0123456789" * 3,
        *" .-–_/=&%+()@,\u00a0\u200bak",
        "08",
        "812",
        "+62",
        "62",
        "3174",
        "0145",
        "@a",
        ".id",
        "%40",
        "\n",
    ]
    parts += [
        "081298765401",
        "3174014501900123",
        "0812 9876",
        "317401",
        "450190",
        "person_0812",
        "https://a.id/",
        "[phone]",
    ]
    texts = ["".join(pick.choices(parts, k=pick.randint(2, 9))) for _ in range(40_000)]
    found, without = render("may_hold_personal_data", "text"), render("without_personal_data", "text")
    gate = PARTS["holds_personal_data"]
    with duckdb.connect() as con:
        con.execute("create table texts as select unnest($1) as text", [texts])
        con.execute(
            f"create table judged as select text, case when {found} then {without} else text end as words from texts"
        )
        assert con.execute(f"select text, words from judged where {gate(con)}").fetchall() == []
        (found_before,) = con.execute(
            f"select count(*) from (select text as words from texts) where {gate(con)}"
        ).fetchone()
    assert found_before > 1_000
