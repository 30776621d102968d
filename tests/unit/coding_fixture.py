"""A small published file with a planted truth: 4,000 posts whose themes are known, and rules that miss some.

Belongs here: what the tests of hand-coding share. Does not belong here: assertions.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

PRIVATE_TEXT = "a private person's words"

# Ids of 19 digits, as X writes them. Theme AWR: every 8th post (12.5 %); the rules find it in 3 of 4 of these, and in
# every 40th of the others. VIC: every 3rd post, found exactly. PRV: the rules never find it.
# Most posts whose theme AWR is missed have no topic either: they are rare in a sample that is half of posts with one.
SQL = """
create schema marts; create schema quality;
create table quality.release as select 'release-1' as release_id, 'v1' as codebook_version;
create table marts.dim_accounts (
    account_key varchar, platform varchar, is_registered boolean, is_capture_owner boolean
);
insert into marts.dim_accounts values
    ('own', 'x', true, true), ('known', 'x', true, false), ('private', 'x', false, true);
create table marts.dim_themes (
    theme_code varchar, parent_code varchar, facet varchar, theme_name varchar, theme_name_id varchar,
    definition varchar, exclude_note varchar, example varchar, codebook_version varchar
);
insert into marts.dim_themes values
    ('AWR', null, 'theme', 'Awareness', 'Kesadaran', 'informs the public', 'a word alone', 'learn the signs', 'v1'),
    ('AWR.DAY', 'AWR', 'theme', 'Day', 'Hari', 'a day', null, null, 'v1'),
    ('PRV', null, 'theme', 'Prevention', 'Pencegahan', 'prevents', null, null, 'v1'),
    ('VIC', null, 'theme', 'Support', 'Dukungan', 'supports victims', null, null, 'v1'),
    ('TOP', null, 'topic', 'Trafficking', 'Perdagangan orang', 'speaks of it', null, null, 'v1');
create table truth as
select
    i,
    1588091220244300000 + i as post_id,
    md5('x:' || post_id) as post_key,
    i % 8 = 0 as awr,
    i % 3 = 0 as vic,
    i % 100 = 1 as prv,
    case when awr then i % 32 <> 0 else i % 40 = 1 end as rules_awr,
    (rules_awr or i % 10 = 0) as topic
from range(4000) as r(i);
create table marts.fct_posts as
select
    post_key, case when i % 5 = 0 then 'known' else 'own' end as account_key, 'x' as platform,
    post_id::varchar as post_id, true as is_own,
    case when i % 4 = 0 then '@someone =1+1' when i % 4 = 1 then '=cmd()' else 'Post ' || i || chr(10) || 'line' end
        as text,
    (date '2019-01-01' + (i % 1461)::integer) as posted_date
from truth
union all
select md5('x:' || i), 'private', 'x', i::varchar, true, $private, date '2020-01-01' from range(50) as p(i)
union all
select md5('x:own' || i), 'own', 'x', 'own' || i, i = 0, null, date '2020-01-01' from range(3) as p(i);
create table marts.fct_post_themes as
select post_key, unnest(list_filter([
    case when rules_awr then 'AWR' end, case when vic then 'VIC' end, case when topic then 'TOP' end
], x -> x is not null)) as theme_code, 'v1' as codebook_version
from truth;
"""


def make_published(path: Path) -> Path:
    """Write the published file."""
    with duckdb.connect(str(path)) as con:
        con.execute(SQL.replace("$private", "'" + PRIVATE_TEXT.replace("'", "''") + "'"))
    return path


def truth(published: Path) -> dict[str, dict[str, int]]:
    """The codes that a perfect coder gives, by post_key."""
    with duckdb.connect(str(published), read_only=True) as con:
        rows = con.execute("select post_key, awr::int, prv::int, vic::int from truth").fetchall()
    return {key: {"AWR": awr, "PRV": prv, "VIC": vic} for key, awr, prv, vic in rows}
