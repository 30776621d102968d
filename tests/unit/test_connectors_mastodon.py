"""Mastodon: statuses of the API, the archive, and who may read a post."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.connectors.json_load import JsonLoad
from orchestration.connectors.mastodon import _activity
from orchestration.contract import InputError
from tests.fixtures.json_captures import MASTODON_ME as ME
from tests.fixtures.json_captures import mastodon_status as status
from tests.unit.connectors_support import load, write

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
STATUSES = "select * exclude (capture_id, member) from raw.mastodon_posts order by record_no"
ACTIVITIES = (
    "select * exclude (capture_id, member) replace (json(tag) as tag, json(attachment) as attachment) "
    "from raw.mastodon_archive_posts order by record_no"
)
SECRET = "Only for you: synthetic secret"


def array(items: list) -> str:
    return json.dumps(items)


def lines(items: list) -> str:
    return "\n".join(json.dumps(item) for item in items)


def pretty(items: list) -> str:
    return json.dumps(items, indent=2)


def search_page(items: list) -> str:
    return json.dumps({"accounts": [], "statuses": items, "hashtags": []})


LAYOUTS = (array, lines, pretty, search_page)


def written(tmp_path: Path, text: str, name: str = "statuses.json") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_every_layout_gives_the_same_rows(layout: Callable, tmp_path: Path) -> None:
    items = [status(1), status(2, reblog=status(9)), status(3, quote={"state": "revoked"})]
    loaded = load(written(tmp_path, layout(items)))
    assert (loaded.result.source, loaded.result.platform, loaded.counts) == ("mastodon", "mastodon", (3, 3, 0))
    reference = load(written(tmp_path, array(items), "reference.json"))
    assert loaded.rows(STATUSES) == reference.rows(STATUSES)
    assert loaded.result.owner_account_id == loaded.result.owner_handle == "me@a.example"
    assert not loaded.result.is_synthetic


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_careful_way_gives_the_same_rows_as_the_fast_one(layout: Callable, tmp_path: Path) -> None:
    items = [status(1), status(2, reblog=status(9)), status(3, visibility="private"), status(4)]
    fast = load(written(tmp_path, layout(items)))
    careful = load(written(tmp_path, layout([*items, {**status(5), "tags": "none"}]), "broken.json"))
    assert fast.rejected == [(3, "not_public")] and sorted(careful.rejected) == [(3, "not_public"), (5, "wrong_type")]
    assert careful.rows(STATUSES) == fast.rows(STATUSES)


@pytest.mark.parametrize("visibility", ["private", "direct", "limited"])
@pytest.mark.parametrize("extra", [[], [{"content": 1, "visibility": "public"}]], ids=["fast", "careful"])
def test_what_was_not_published_is_set_aside_by_its_place_alone(visibility: str, extra: list, tmp_path: Path) -> None:
    # with a link: texts of such posts are the ones that are written down apart
    secret = f'<p>{SECRET} <a href="https://x.example/">x</a></p>'
    hidden = status(2, visibility=visibility, content=secret, spoiler_text=SECRET)
    boosted = status(3, reblog=status(9, visibility=visibility, content=secret))
    loaded = load(written(tmp_path, lines([status(1), hidden, boosted, status(4, visibility="unlisted"), *extra])))
    assert [one for one in loaded.rejected if one[1] == "not_public"] == [(2, "not_public"), (3, "not_public")]
    assert loaded.rows("select record_no from raw.mastodon_posts order by 1") == [(1,), (4,)]
    told = " ".join(str(vars(record)) for record in loaded.result.rejected)
    assert "secret" not in told and hidden["uri"] not in told
    texts = loaded.rows("select text from raw.mastodon_texts")
    assert not any("secret" in text for (text,) in texts)
    # such posts are left out on purpose: they are no damage
    assert {m.record_type for m in loaded.result.members if m.rejected_count} == (
        {"other", "post"} if extra else {"other"}
    )


def test_post_whose_readers_are_not_known_is_rejected_without_its_text(tmp_path: Path) -> None:
    unknown = status(2, visibility=None, content=SECRET)
    loaded = load(written(tmp_path, lines([status(1), unknown])))
    assert loaded.rejected == [(2, "missing_column")]
    assert "secret" not in str(vars(loaded.result.rejected[0]))


def test_impossible_time_is_rejected(tmp_path: Path) -> None:
    items = [status(1), status(2, created_at="0000-01-01T00:00:00Z"), status(3, created_at="1970-01-01T00:00:00.000Z")]
    assert load(written(tmp_path, lines(items))).rejected == [(2, "impossible_time"), (3, "impossible_time")]


def test_each_distinct_html_is_read_once(tmp_path: Path) -> None:
    same = '<p>Halo<br>dunia <a href="https://x.example/">x</a></p>'
    items = [status(1, content=same), status(2, content=same), status(3, content="", reblog=status(9, content=same))]
    without_links = status(4, content="<p>Halo<br>dunia</p>")
    loaded = load(written(tmp_path, lines([*items, without_links])))
    assert loaded.rows("select text, len(links) from raw.mastodon_texts") == [("Halo\ndunia x", 1)]


def test_what_is_no_status_is_set_aside(tmp_path: Path) -> None:
    others = [{"error": "Too many requests"}, {"id": "1", "acct": "me"}, {"weather": "fine"}, 7]
    loaded = load(written(tmp_path, lines([status(1), *others])))
    assert [code for _, code in loaded.rejected] == [
        "not_a_post_api_error",
        "not_a_post_profile",
        "not_a_post_unknown",
        "not_a_post_unknown",
    ]


def test_duckdb_reads_what_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JsonLoad, "_careful", lambda *_: pytest.fail("this goes record by record"))
    items = [status(1), status(2, visibility="direct"), status(3, reblog=status(9))]
    for number, layout in enumerate(LAYOUTS):
        load(written(tmp_path, layout(items), f"{number}.json"))
    load(archive(tmp_path, outbox([create(1), boost(2), create(3, [f"{ME}/followers"], [])])))


# The archive ------------------------------------------------------------------------------------------------


def create(number: int, to: Any = (PUBLIC,), cc: Any = (f"{ME}/followers",), **note: Any) -> dict[str, Any]:
    return {
        "id": f"{ME}/statuses/{number}/activity",
        "type": "Create",
        "actor": ME,
        "published": f"2023-01-{number:02}T10:00:00Z",
        "to": to if isinstance(to, str) else list(to),
        "cc": cc if isinstance(cc, str) else list(cc),
        "object": {
            "id": f"{ME}/statuses/{number}",
            "type": "Note",
            "published": f"2023-01-{number:02}T10:00:00Z",
            "content": f"<p>Synthetic {number}</p>",
            "contentMap": {"id": f"<p>Synthetic {number}</p>"},
            "inReplyTo": None,
            "tag": [],
            "attachment": [],
            **note,
        },
    }


def boost(number: int, of: Any = "https://b.example/users/you/statuses/7", **fields: Any) -> dict[str, Any]:
    activity = create(number)
    return {**activity, "type": "Announce", "object": of, **fields}


def outbox(items: list, total: int | None = None, **more: Any) -> str:
    stated = len(items) if total is None else total
    return json.dumps(
        {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": "outbox.json",
            "type": "OrderedCollection",
            "totalItems": stated,
            "orderedItems": items,
            **more,
        }
    )


ACTOR = json.dumps(
    {"id": ME, "type": "Person", "preferredUsername": "me", "name": "Me", "published": "2022-11-05T00:00:00Z"}
)


def archive(tmp_path: Path, text: str, name: str = "archive.zip", actor: str | None = ACTOR) -> Path:
    members: dict[str, str | bytes] = {
        "outbox.json": text,
        "likes.json": outbox([]),
        "media_attachments/a.png": b"\x89PNG",
    }
    return write(tmp_path / name, members | ({} if actor is None else {"actor.json": actor}))


def test_archive_is_a_census_of_its_owner(tmp_path: Path) -> None:
    loaded = load(archive(tmp_path, outbox([create(1), boost(2), create(3, inReplyTo=f"{ME}/statuses/1")])))
    result = loaded.result
    assert loaded.counts == (3, 3, 0)
    assert (result.owner_handle, result.owner_account_id, result.owner_name) == ("me@a.example", "me@a.example", "Me")
    assert result.is_census is True and result.observed_at is None
    assert str(result.coverage_from) == "2022-11-05 00:00:00+00:00"
    assert loaded.totals == {"outbox.totalItems": (3, 3)}
    assert loaded.rows(
        "select type, object_uri, content is null, language from raw.mastodon_archive_posts order by 1, 4"
    ) == [
        ("Announce", "https://b.example/users/you/statuses/7", True, None),
        ("Create", None, False, "id"),
        ("Create", None, False, "id"),
    ]


def test_archive_that_holds_less_than_it_states_is_no_census(tmp_path: Path) -> None:
    result = load(archive(tmp_path, outbox([create(1)], total=5))).result
    assert result.is_census is None and not result.control_totals[0].agrees


def test_owner_without_an_actor_file_is_who_posts(tmp_path: Path) -> None:
    assert load(archive(tmp_path, outbox([create(1)]), actor=None)).result.owner_handle == "me@a.example"
    broken = load(archive(tmp_path, outbox([create(1)]), "broken.zip", actor="{"))
    assert broken.result.owner_handle == "me@a.example" and broken.rejected == [(1, "broken_json")]


@pytest.mark.parametrize(
    ("to", "cc", "is_kept"),
    [
        ([PUBLIC], [f"{ME}/followers"], True),
        ("as:Public", [], True),
        ([f"{ME}/followers"], [PUBLIC], True),  # unlisted
        ([f"{ME}/followers"], [], False),
        (["https://b.example/users/Public"], [], False),
        ([], [], False),
    ],
)
@pytest.mark.parametrize("more", [{}, {"first": "x"}], ids=["fast", "careful"])
def test_only_posts_to_everybody_are_loaded(to: Any, cc: Any, is_kept: bool, more: dict, tmp_path: Path) -> None:
    hidden = create(2, to, cc, content=SECRET)
    loaded = load(archive(tmp_path, outbox([create(1), hidden, create(3)], **more)))
    assert loaded.rejected == ([] if is_kept else [(2, "not_public")])
    assert loaded.counts == (3, 3 if is_kept else 2, 0 if is_kept else 1)
    if not is_kept:
        assert "secret" not in str([vars(record) for record in loaded.result.rejected])


def test_both_ways_give_the_same_rows(tmp_path: Path) -> None:
    items = [
        create(1, tag=[{"type": "Hashtag", "name": "#x"}], attachment=[{"mediaType": "image/png"}], summary="CW"),
        boost(2),
        boost(3, of={"id": "https://b.example/1", "content": "<p>theirs</p>"}),
        create(4, contentMap={"id": "a", "en": "b"}, quoteUrl="https://b.example/2", updated="2023-02-01T00:00:00Z"),
        {"id": f"{ME}#delete", "type": "Delete", "actor": ME, "object": "x"},
    ]
    fast = load(archive(tmp_path, outbox(items)))
    careful = load(archive(tmp_path, outbox(items, first="the list is not the last part"), "other.zip"))
    assert fast.rejected == careful.rejected == [(5, "not_a_post_activity")]
    assert fast.rows(ACTIVITIES) == careful.rows(ACTIVITIES)
    assert _activity(items[2])["object_uri"] == "https://b.example/1" and _activity(items[2])["content"] is None


def test_cut_outbox_keeps_what_is_whole_and_says_so(tmp_path: Path) -> None:
    text = outbox([create(number) for number in range(1, 20)])
    loaded = load(archive(tmp_path, text[: len(text) * 2 // 3]))
    assert loaded.result.is_census is None
    assert [code for _, code in loaded.rejected] == ["cut_off"]
    assert loaded.result.loaded_count == 12


def test_outbox_alone_is_read_too(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, outbox([create(1)]), "outbox.json"))
    assert loaded.counts == (1, 1, 0) and loaded.result.owner_handle == "me@a.example"


def test_archive_of_private_posts_only_is_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        load(archive(tmp_path, outbox([create(1, [f"{ME}/followers"], [])])))
    assert error.value.code == "not_public"


def test_packed_archive_as_mastodon_delivers_it_is_named_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "archive-20230101.tar.gz"
    with tarfile.open(path, "w:gz") as out:
        content = outbox([create(1)]).encode()
        member = tarfile.TarInfo("outbox.json")
        member.size = len(content)
        out.addfile(member, io.BytesIO(content))
    with pytest.raises(InputError) as error:
        load(path)
    assert "tar archive" in error.value.found and "outbox.json" in error.value.next_step
    with tarfile.open(path) as packed:
        packed.extractall(tmp_path / "unpacked", filter="data")
    assert load(tmp_path / "unpacked").counts == (1, 1, 0)
