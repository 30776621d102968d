"""Words of a text and of a hashtag: cases of our own, in the languages and with the accidents of real posts.

Belongs here: single texts and what stands in them. Does not belong here: the models that use the macros (their unit
tests stand beside them), languages and stems (test_text.py).
"""

from __future__ import annotations

import pytest

from tests.sql_macros import evaluate, render


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("HariAntiPerdaganganOrang", "Hari Anti Perdagangan Orang"),
        ("StopTPPO", "Stop TPPO"),
        ("IOMIndonesia", "IOM Indonesia"),
        ("EndTrafficking_ID", "End Trafficking ID"),
        ("stopperdaganganorang", "stopperdaganganorang"),
        ("ASIK", "ASIK"),
        ("IAmAMigrant", "I Am A Migrant"),
        ("SDGs", "SDGs"),
        ("NGOsUnite", "NGOs Unite"),
        ("AKsi", "A Ksi"),
        ("UU21Tahun2007", "UU 21 Tahun 2007"),
        ("covid19", "covid 19"),
        ("16Days", "16 Days"),
        ("hari_anti__tppo_", "hari anti tppo"),
        ("_a", "a"),
        ("移民の日", "移民の日"),
        ("مكافحة_الاتجار", "مكافحة الاتجار"),
        ("МиграцияБезопасна", "Миграция Безопасна"),
        ("CaféÉcole", "Café École"),
        ("𝗦𝘁𝗼𝗽𝗧𝗣𝗣𝗢", "𝗦𝘁𝗼𝗽 𝗧𝗣𝗣𝗢"),
        ("ＳｔｏｐＴＰＰＯ", "Ｓｔｏｐ ＴＰＰＯ"),
        ("l·lustració", "l·lustració"),
        ("", ""),
    ],
)
def test_words_of_a_hashtag_and_where_they_stand(tag: str, words: str) -> None:
    assert evaluate(render("hashtag_words", "text"), [tag])[0] == words.split()
    spans = evaluate(render("hashtag_word_spans", "text"), [tag])[0]
    assert [span["word"] for span in spans] == words.split()
    assert [tag[span["start"] : span["end"]] for span in spans] == words.split()
