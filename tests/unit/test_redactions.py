"""What is taken out of a text, and what must stay: the models' macros, asked without a run."""

from __future__ import annotations

import pytest

from tests.sql_macros import evaluate, render


def redacted(text: str) -> str:
    """A text as `int_posts__masked` leaves it: what holds nothing is not searched."""
    found, without = render("may_hold_personal_data", "text"), render("without_personal_data", "text")
    return evaluate(f"case when {found} then {without} else text end", [text])[0]


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
    "0️⃣8️⃣1️⃣2️⃣9️⃣8️⃣7️⃣6️⃣5️⃣4️⃣0️⃣1️⃣": "[phone]\ufe0f\u20e3",
    # what stands before it
    "HP081298765411": "HP[phone]",
    "wa0812-9876-5411": "wa[phone]",
    "hp/wa:081298765415": "hp/wa:[phone]",
    "no_hp_081298765415": "no_hp_[phone]",
    "telepon_081298765415": "telepon_[phone]",
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
    "mailto:budi@example.org": "mailto:[email]",
    # accounts
    "BCA a.n. Budi 8830987610": "BCA a.n. Budi [bank account]",
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
    "4111 1111 1111 1114": "[bank account]",
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
    "bank mandiri https://facebook.com/groups/1234567890123",
    "biaya paspor Rp350000, paspor 350000, paspor 2020",
    "https://x.com/i/status/1588091220244369409 https://facebook.com/photo/3174014501900106",
    "Alexandria, VA 22201-1234; VA 7035",
    "person_0812345678 dan person_ab08123456 50 orang; person_8123456789",
    "@somebody@server.org (at) home [at] work, Live @ youtube.com, @ 5.30",
]


@pytest.mark.parametrize("text", PERSONAL)
def test_personal_data_is_taken_out_however_it_is_written(text: str) -> None:
    assert redacted(text) == PERSONAL[text]


@pytest.mark.parametrize("text", KEPT)
def test_years_prices_case_numbers_hotlines_and_pseudonyms_stay(text: str) -> None:
    assert redacted(text) == text
