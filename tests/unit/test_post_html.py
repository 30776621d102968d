"""Text out of the HTML of posts: what the author wrote, no more and no less."""

from __future__ import annotations

import random

import duckdb
import pytest

from orchestration.connectors.post_html import (
    PostText,
    _read,
    _read_plain,
    is_without_links_sql,
    read_html,
)
from tests.sql_macros import render


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain, no tag", "plain, no tag"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<p>one<br>two<br />three</p>", "one\ntwo\nthree"),
        ("<p>one<br><br>two</p>", "one\n\ntwo"),
        ("<p>a &amp;lt;b&amp;gt; &amp;amp; c</p>", "a &lt;b&gt; &amp; c"),  # undone once
        ("<p>&lt;script&gt; &#39;x&#39; &quot;y&quot;&nbsp;z</p>", "<script> 'x' \"y\"\xa0z"),
        ("<p>two  blanks and a\ttab</p>", "two  blanks and a\ttab"),
        ("<p>a line end\nof the source</p>\n<p>b</p>\n", "a line end of the source\n\nb"),
        ("<p>one <strong>bold</strong> <em>word</em></p>", "one bold word"),
        ("<ul><li>a</li><li>b</li></ul><p>c</p>", "a\nb\n\nc"),
        ("<p>says:</p><blockquote><p>quoted</p></blockquote><p>I say</p>", "says:\n\nquoted\n\nI say"),
        ("<p>see</p><pre><code>if x:\n  y</code></pre>", "see\n\nif x:\n  y"),
        ('<p class="quote-inline">RE: <a href="https://b.example/1">b.example/1</a></p><p>my words</p>', "my words"),
        ('<p>hi <img alt=":cat:" src="x"></p>', "hi :cat:"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "漢kan"),
        ("<script>alert(1)</script><p>x</p>", "x"),
        ("<p>1 < 2 & 3 <3</p>", "1 < 2 & 3 <3"),
        ("<p>never closed <b>bold", "never closed bold"),
        ("</p></a></pre>stray ends", "stray ends"),
        ("<![x] of no kind", "<![x] of no kind"),
    ],
)
def test_text_is_what_the_author_wrote(html: str, text: str) -> None:
    assert read_html(html).text == text


def test_hidden_ends_of_a_link_are_part_of_the_address() -> None:
    html = (
        '<p>Baca 😀 <a href="https://www.a.example/long/path?x=1&amp;y=2" rel="nofollow noopener">'
        '<span class="invisible">https://www.</span><span class="ellipsis">a.example/long</span>'
        '<span class="invisible">/path?x=1&amp;y=2</span></a></p>'
    )
    read = read_html(html)
    assert read.text == "Baca 😀 https://www.a.example/long/path?x=1&y=2"
    (link,) = read.links
    assert (link.kind, link.href) == ("link", "https://www.a.example/long/path?x=1&y=2")
    assert read.text[link.start : link.end] == link.text == link.href


@pytest.mark.parametrize(
    ("anchor", "kind", "words"),
    [
        ('<a href="https://s/tags/x" class="mention hashtag" rel="tag">#<span>Día</span></a>', "hashtag", "#Día"),
        ('<a href="https://s/tags/x" rel="tag nofollow">#x</a>', "hashtag", "#x"),
        ('<a href="https://s/x" rel="tag">no sign</a>', "link", "no sign"),
        (
            '<span class="h-card"><a href="https://s/@u" class="u-url mention">@<span>u</span></a></span>',
            "mention",
            "@u",
        ),
        ('<a href="https://s/x">words</a>', "link", "words"),
        ('<a href="https://s/x">open', "link", "open"),
    ],
)
def test_kind_and_place_of_a_link(anchor: str, kind: str, words: str) -> None:
    read = read_html(f"<p>👩‍👩‍👧 é</p><p>{anchor}</p>")
    (link,) = read.links
    assert (link.kind, link.text) == (kind, words)
    assert read.text[link.start : link.end] == words


def test_link_without_words_is_none() -> None:
    assert read_html('<a href="https://s/"><img src="x"></a>').links == ()


# What Mastodon writes, and what looks almost like it.
_PIECES = (
    *("<p>", "</p>", "<br>", "<br />", "<br/>", "<a>", "</a>", "<span>", "</span>", '<span class="invisible">'),
    *('<a href="https://x.example/?a=1&amp;b=2" class="mention hashtag" rel="tag">', '<a href="u">', '<p dir="auto">'),
    *("#tag", "＃x", "#", " ", "  ", "\n", " \r\n ", "\t", "word", "a b", "\u2028", ">", '"', "é🙏", "&", "&am"),
    *("&amp;", "&lt;p&gt;", "&nbsp;", "&copy", "&#39;", "&#13;", "&#1;", "&#x20;"),
    *("<A>", "<div>", "<p >", "<", "<a href='x'>", '<a href="&copy;">', '<p class="quote-inline">'),
)


def test_plain_html_is_read_as_the_parser_of_any_html_reads_it() -> None:
    choice = random.Random(20261126)
    plain = 0
    for _ in range(3_000):
        html = "".join(choice.choices(_PIECES, k=choice.randint(0, 9)))
        read = _read_plain(html)
        plain += read is not None
        assert read is None or read == _read(html), html
    assert plain > 500


def test_html_without_links_is_read_by_duckdb_as_the_parser_reads_it() -> None:
    choice = random.Random(20261127)
    words = (
        "word",
        "a b",
        " ",
        "\t",
        "&amp;",
        "&lt;br&gt;",
        "&#39;",
        "&quot;",
        "&amp;lt;",
        "é🙏",
        "'",
        '"',
        "\\n",
        "#tag",
    )
    ends = ("<br>", "<br />", "<br/>", "</p><p>", "", "", "")
    texts = [
        "<p>" + "".join(choice.choice(words) + choice.choice(ends) for _ in range(choice.randint(1, 6))) + "</p>"
        for _ in range(2_000)
    ]
    texts += ["".join(choice.choices(_PIECES, k=choice.randint(0, 9))) for _ in range(2_000)]
    rows = (
        duckdb.connect()
        .execute(
            f"select html, {render('post_text_without_links', 'html')} from (select unnest(?) as html)"
            f" where {is_without_links_sql('html')}",
            [texts],
        )
        .fetchall()
    )
    assert len(rows) > 500
    assert [(html, text) for html, text in rows if PostText(text, ()) != _read(html)] == []
