"""Which posts a request comes to: those it names, those of the accounts it names, their versions and their reposts.

Belongs here: asking the warehouse, by native ids only. Does not belong here: the stored captures, which are searched
whether the warehouse knows a post or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import duckdb

from orchestration.contract import DataDir
from orchestration.deletion.json_posts import SHORTEST_TEXT, Names
from orchestration.deletion.requests import ALSO_HANDLE, ALSO_ID, DELETE, REQUESTED, SCRUB_GEO, Target
from orchestration.privacy.key import PseudonymKey, key_of, read_key
from orchestration.warehouse.candidate import connect

REPOST_OF, VERSION_OF = "repost_of_deleted", "version_of_deleted"

_POSTS = """
select
    posts.capture_id,
    posts.platform,
    posts.post_id as delivered_id,
    coalesce(repairs.post_id, posts.post_id) as post_id,
    coalesce(repairs.account_id, posts.account_id) as account_id,
    lower(posts.handle) as handle,
    posts.version_group,
    posts.reposted_post_id,
    posts.reposted_account_id,
    lower(posts.reposted_handle) as reposted_handle,
    posts.posted_at,
    posts.text
from intermediate.int_posts__unioned as posts
left join intermediate.int_posts__repaired as repairs using (capture_id, record_no, source)
"""

# An archive of X, and some tables, say whose post a repost passes on, and not which: it is known by the words behind
# `RT @handle:`. Sources write links differently, and a cut repost ends within a word or a link.
_REPOSTS_BY_TEXT = r"""
with passed as (
    select
        platform, post_id, reposted_handle as handle, regexp_replace(text, '^RT @[A-Za-z0-9_]+:?\s*', '') as behind
    from posts
    where reposted_handle is not null and reposted_post_id is null and post_id is not null
        and (platform, post_id) not in (select platform, post_id from named)
),

told as (
    select platform, handle, text as behind from posts
    where text <> '' and (platform, post_id) in (select platform, post_id from named)
)

select distinct passed.platform, passed.post_id
from (select *, {words} as words, ends_with(behind, '…') as is_cut from passed) as passed
inner join (select *, {words} as words from told) as told
    on passed.platform = told.platform and passed.handle = told.handle
where passed.behind = told.behind
    or (passed.words = told.words and passed.words <> '')
    or (passed.is_cut and length(passed.words) >= {shortest} and starts_with(told.words, passed.words))
""".replace(
    "{words}",
    r"trim(regexp_replace(regexp_replace(regexp_replace(behind, '(\s\S{0,30})?…$', ''), 'https?://\S+', '', 'g'),"
    r" '\s+', ' ', 'g'))",
).replace("{shortest}", str(SHORTEST_TEXT))


@dataclass
class Resolution:
    """What a request comes to.

    Attributes:
        targets: The request itself, every post that follows from it, and every name of its accounts.
        places: The ids under which captures deliver these posts, by capture.
        texts: Their texts, for the search afterwards.
        post_keys: Their keys with the key of this folder, for codes that people gave.
        months: Account and month by platform and id of post, where reports tell its account apart.
    """

    targets: list[Target]
    places: dict[str, set[str]] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    post_keys: set[str] = field(default_factory=set)
    months: dict[tuple[str, str], tuple[str, date]] = field(default_factory=dict)

    def names(self, capture_id: str | None = None, platform: str | None = None) -> Names:
        """What one capture is searched for.

        Args:
            platform: Whose posts it holds: names of others mean somebody else there. None: of any.
        """
        mine = [t for t in self.targets if platform in (None, t.platform)]
        posts = {t.value for t in mine if t.kind == "post" and t.action == DELETE}
        posts |= self.places.get(capture_id or "", set())
        scrubbed = {t.value for t in mine if t.kind == "post" and t.action == SCRUB_GEO} - posts
        handles = {t.value for t in mine if t.kind == ALSO_HANDLE}
        accounts = {t.value for t in mine if t.kind in ("account", ALSO_ID) and t.action == DELETE}
        accounts |= {name.lower() for name in accounts}
        return Names(frozenset(posts), frozenset(accounts), frozenset(scrubbed), handles=frozenset(handles))


def resolve(data_dir: DataDir, targets: list[Target]) -> Resolution:
    """Look the targets up in the warehouse; without one they are what they say."""
    found = Resolution(targets)
    if not data_dir.warehouse.exists() or not targets:
        found.targets = _that_can_be_kept(targets)
        return found
    # not asked of the views, which would need the key in the connection
    key = read_key(key_of(data_dir))
    connection = connect(data_dir.warehouse, scratch=data_dir.scratch, read_only=True)
    try:
        _look_up(connection, found)
        _tell_months(connection, found, key)
    except duckdb.CatalogException:
        pass  # a warehouse without posts yet: the captures are searched all the same
    finally:
        connection.close()
    found.targets = _that_can_be_kept(found.targets)
    posts = (t for t in found.targets if t.kind == "post" and t.action == DELETE)
    found.post_keys = {key.digest(f"{post.platform}:{post.value}") for post in posts}
    return found


def _look_up(connection: duckdb.DuckDBPyConnection, found: Resolution) -> None:
    connection.execute(f"create temp table posts as {_POSTS}")
    found.targets = _with_posts_of_places(connection, _with_accounts(connection, found.targets))
    found.targets += _other_names(connection, found.targets)
    connection.execute("create temp table accounts (platform varchar, kind varchar, name varchar, reason varchar)")
    connection.execute("create temp table named (platform varchar, post_id varchar, reason varchar, told_at varchar)")
    rows = [(t.platform, t.kind, t.value, t.reason) for t in found.targets if t.kind != "post"]
    _insert(connection, "accounts", rows)
    rows = [
        (t.platform, t.value, t.reason, t.told_at) for t in found.targets if t.kind == "post" and t.action == DELETE
    ]
    _insert(connection, "named", rows)
    by_account = connection.execute(
        "select posts.platform, posts.post_id, min(accounts.reason) from posts, accounts "
        f"where posts.post_id is not null and {_is_of('posts.account_id', 'posts.handle')} group by all"
    ).fetchall()
    _insert(connection, "named", [(*row, None) for row in by_account])
    ids = "select platform, post_id from named"
    versions = connection.execute(
        f"select distinct platform, post_id from posts where (platform, version_group) in ({ids}) or "
        f"(platform, version_group) in (select platform, version_group from posts where (platform, post_id) in ({ids}))"
    ).fetchall()
    _insert(connection, "named", [(*row, VERSION_OF, None) for row in versions])
    reposts = connection.execute(
        f"select distinct platform, post_id from posts where post_id is not null and "
        f"((platform, reposted_post_id) in ({ids}) or exists (select 1 from accounts where "
        f"{_is_of('posts.reposted_account_id', 'posts.reposted_handle')}))"
    ).fetchall()
    _insert(connection, "named", [(*row, REPOST_OF, None) for row in reposts])
    reposts = connection.execute(_REPOSTS_BY_TEXT).fetchall()
    _insert(connection, "named", [(*row, REPOST_OF, None) for row in reposts])
    known = {(t.platform, t.value) for t in found.targets if t.kind == "post"}
    follow = connection.execute(
        "select platform, post_id, arg_min(reason, rowid) from named group by all order by all"
    ).fetchall()
    found.targets = sorted(
        [*found.targets, *(Target(p, "post", i, reason) for p, i, reason in follow if (p, i) not in known)]
    )
    mine = f"from posts where (platform, post_id) in ({ids})"
    for capture_id, delivered_id in connection.execute(f"select distinct capture_id, delivered_id {mine}").fetchall():
        found.places.setdefault(capture_id, set()).add(delivered_id)
    found.texts = {row[0] for row in connection.execute(f"select distinct text {mine} and text is not null").fetchall()}


def _with_accounts(connection: duckdb.DuckDBPyConnection, targets: list[Target]) -> list[Target]:
    """The same targets; an id of a compliance line that is no post's here, but an account's, names that account."""
    ids = [
        t.value for t in targets if (t.platform, t.kind, t.action) == ("x", "post", DELETE) and t.reason != REQUESTED
    ]
    rows = connection.execute(
        "select named from unnest(?::varchar[]) as t(named) "
        "where named not in (select post_id from posts where platform = 'x' and post_id is not null) "
        "and named in (select unnest([account_id, reposted_account_id]) from posts where platform = 'x')",
        [ids],
    ).fetchall()
    accounts = {("x", "post", DELETE, row[0]) for row in rows}
    return [replace(t, kind="account") if (t.platform, t.kind, t.action, t.value) in accounts else t for t in targets]


def _with_posts_of_places(connection: duckdb.DuckDBPyConnection, targets: list[Target]) -> list[Target]:
    """The same targets; where places of an account have to go, one for each of its posts stands in its place."""
    by_id = {t.value: t for t in targets if t.action == SCRUB_GEO}
    rows = connection.execute(
        "select distinct account_id, post_id from posts where platform = 'x' and post_id is not null "
        "and account_id in (select unnest(?::varchar[]))",
        [list(by_id)],
    ).fetchall()
    named = {t.value for t in targets if t.kind == "post"}
    more = [replace(by_id[account], kind="post", value=post_id) for account, post_id in rows if post_id not in named]
    return [*_that_can_be_kept(targets), *more]


def _that_can_be_kept(targets: list[Target]) -> list[Target]:
    """Without accounts of which places go: a tombstone of an account says that it is gone with all its posts."""
    return [t for t in targets if t.action == DELETE or t.kind == "post"]


def _is_of(account_id: str, handle: str) -> str:
    """The condition under which an id and a handle of a post are those of a named account, as `Names` has it."""
    return (
        f"(accounts.platform = posts.platform and ({account_id} = accounts.name or ({handle} = lower(accounts.name) "
        f"and (accounts.kind <> '{ALSO_HANDLE}' or {account_id} is null))))"
    )


def _other_names(connection: duckdb.DuckDBPyConnection, targets: list[Target]) -> list[Target]:
    """The id behind each handle, and the handles of each id. A handle that several accounts had tells none of them."""
    pairs = connection.execute(
        "select platform, account_id, folded_handle from intermediate.int_accounts__ids_of_handles order by all"
    ).fetchall()
    known = {(t.platform, t.value): t for t in targets if t.kind == "account"}
    found = []
    for kind, of_handles in ((ALSO_ID, True), (ALSO_HANDLE, False)):
        for platform, account_id, handle in pairs:
            said, other = (handle, account_id) if of_handles else (account_id, handle)
            if (platform, said) in known and (platform, other) not in known:
                known[platform, other] = Target(platform, kind, other, known[platform, said].reason)
                found.append(known[platform, other])
    return found


def _tell_months(connection: duckdb.DuckDBPyConnection, found: Resolution, key: PseudonymKey) -> None:
    shown = connection.execute(
        "select account_key from marts.dim_accounts where is_registered or is_capture_owner or is_focal"
    ).fetchall()
    rows = connection.execute(
        "select platform, post_id, min(account_id), min(cast(date_trunc('month', posted_at) as date)) from posts "
        "where (platform, post_id) in (select platform, post_id from named) "
        "and account_id is not null and posted_at is not null group by 1, 2"
    ).fetchall()
    told_apart = {row[0] for row in shown}
    found.months = {
        (platform, post_id): (account_id, month)
        for platform, post_id, account_id, month in rows
        if key.digest(f"{platform}:{account_id}") in told_apart
    }


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple]) -> None:
    if rows:
        # column by column: 20,000 rows took 11.6 s of CPU one by one, so 0.1 s (2026-11-27)
        columns = [list(column) for column in zip(*rows, strict=True)]
        connection.execute(f"insert into {table} select {', '.join('unnest(?::varchar[])' for _ in columns)}", columns)


# What captures here hold, under the ids that are right.
_HELD = """
select
    posts.platform,
    coalesce(repairs.post_id, posts.post_id) as post_id,
    coalesce(repairs.account_id, posts.account_id) as account_id,
    posts.reposted_post_id,
    posts.reposted_account_id
from intermediate.int_posts__unioned as posts
left join intermediate.int_posts__repaired as repairs using (capture_id, record_no, source)
where coalesce(repairs.post_id, posts.post_id) is not null
"""
_TOLD_GONE = """
with gone as (
    select platform, post_id, min(reason) as reason, max(deleted_at) as deleted_at
    from intermediate.int_posts__tombstones
    where reason <> 'not_found'
    group by 1, 2
)

select platform, 'post', post_id, reason, 'delete', cast(deleted_at as varchar)
from gone
where (platform, post_id) not in (
    select platform, value from raw.tombstones where kind = 'post' and action = 'delete'
)
    and (platform, post_id) in (select platform, post_id from held)
union all
select platform, 'account', account_id, min(reason), 'delete', cast(max(deleted_at) as varchar)
from intermediate.int_accounts__deletions
where (platform, account_id) in (select platform, unnest([account_id, reposted_account_id]) from held)
group by platform, account_id
"""
# A repost holds the post that it passes on, with its place. Ids grow with time.
_TOLD_PLACES = """
with notices as (
    select * from staging.stg_x_api_v2__notices where reason = 'scrub_geo'
    union all
    select * from staging.stg_x_api_v11__notices where reason = 'scrub_geo'
),

posts as (
    select platform, post_id, account_id from held
    union all
    select platform, reposted_post_id, reposted_account_id from held where reposted_post_id is not null
)

select platform, 'post', post_id, 'scrub_geo', 'scrub_geo', cast(max(told_at) as varchar)
from (
    select platform, post_id, told_at from posts inner join notices using (platform, post_id)
    union all
    select posts.platform, posts.post_id, notices.told_at
    from posts
    inner join notices using (platform, account_id)
    where notices.up_to_post_id is null
        or try_cast(posts.post_id as hugeint) <= try_cast(notices.up_to_post_id as hugeint)
)
where (platform, post_id) not in (select platform, value from raw.tombstones where kind = 'post')
group by platform, post_id
"""


def delivered_deletions(data_dir: DataDir) -> list[Target]:
    """The posts and accounts of which captures say that they are gone, and of which captures here still hold posts; and
    the posts of which they say that their places have to go.

    Not those that were only not found: they may be seen again. Not posts that were deleted by a receipt before. An
    account that was, and of which a capture came since whose records do not name it (an archive), is told again. The
    text that an archive has beside a deletion was left out when it was taken in (`unread`).
    """
    if not data_dir.warehouse.exists():
        return []
    rows: list[tuple[Any, ...]] = []
    connection = connect(data_dir.warehouse, scratch=data_dir.scratch, read_only=True)
    try:
        connection.execute(f"create temp view held as {_HELD}")
        # a warehouse of the version before has no table of places yet
        for query in (_TOLD_GONE, _TOLD_PLACES):
            rows += connection.execute(query).fetchall()
    except duckdb.CatalogException:
        pass
    finally:
        connection.close()
    return sorted(Target(*row) for row in rows)


def targets_of(tombstones: Iterable[dict]) -> list[Target]:
    """What was deleted before, as a request: captures that come later are screened by it."""
    fields = ("platform", "kind", "value", "reason", "action", "told_at")
    return sorted({Target(**{name: row[name] for name in fields}) for row in tombstones})
