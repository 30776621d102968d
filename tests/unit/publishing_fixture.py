# ruff: noqa: E501  (rows of data read best one per line)
"""A small hand-made warehouse with the columns that readers get, for the tests of publishing."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from orchestration.publishing.descriptions import Descriptions

PRIVATE_HANDLE = "budi_private_person"

# name -> (grain, DDL)
TABLES: dict[str, tuple[str, str]] = {
    "marts.dim_accounts": (
        "One row per account.",
        """account_key varchar primary key, account_id varchar, organisation_key varchar, platform varchar not null,
        handle varchar, account_name varchar, organisation_name varchar, family varchar, org_type varchar not null,
        post_count bigint not null, is_registered boolean not null, is_capture_owner boolean not null,
        is_focal boolean not null, first_seen_at timestamptz, last_seen_at timestamptz""",
    ),
    "marts.fct_posts": (
        "One row per post. Sorted by time.",
        """post_key varchar primary key, account_key varchar not null, capture_id varchar not null,
        record_no bigint not null, post_id varchar not null, source varchar not null, platform varchar not null,
        handle varchar, kind varchar not null, language varchar, text varchar,
        hashtags struct(tag varchar, "start" bigint, "end" bigint)[], media_types varchar[],
        like_count bigint, repost_count bigint, is_repost boolean not null, is_own boolean not null,
        posted_date date not null, posted_month date not null, posted_at timestamptz not null""",
    ),
    "marts.fct_post_volume": (
        "One row per account, month and kind.",
        """account_key varchar, posted_month date, kind varchar check (kind <> ''), post_count bigint,
        covered_days integer not null, calendar_days integer not null, coverage_share double,
        coverage_status varchar not null, suspected_cap varchar, reporting_timezone varchar not null,
        primary key (account_key, posted_month, kind)""",
    ),
    "marts.dim_hashtags": (
        "One row per folded hashtag.",
        "hashtag varchar primary key, display_form varchar not null, post_count bigint not null",
    ),
    "marts.fct_post_hashtags": (
        "One row per post and hashtag.",
        """post_key varchar, hashtag varchar, account_key varchar not null, kind varchar not null,
        is_repost boolean not null, posted_date date not null, primary key (post_key, hashtag)""",
    ),
    "marts.fct_others_months": (
        "One row per platform, month and kind.",
        """platform varchar, posted_month date, kind varchar, post_count bigint not null, account_count bigint not null,
        primary key (platform, posted_month, kind)""",
    ),
    "marts.fct_others_hashtag_years": (
        "One row per platform, year and hashtag.",
        """platform varchar, posted_year integer, hashtag varchar, own_post_count bigint not null,
        account_count bigint not null, primary key (platform, posted_year, hashtag)""",
    ),
    "marts.fct_others_theme_months": (
        "One row per platform, month and theme.",
        """platform varchar, posted_month date, theme_code varchar, codebook_version varchar not null,
        own_post_count bigint not null, account_count bigint not null,
        primary key (platform, posted_month, theme_code)""",
    ),
    "quality.fct_held_back": (
        "One row per table and platform.",
        """table_name varchar, platform varchar, shown_cell_count bigint not null, small_cell_count bigint not null,
        complementary_cell_count bigint not null, held_back_post_count bigint, primary key (table_name, platform)""",
    ),
    "marts.dim_themes": (
        "One row per theme and codebook version.",
        """theme_code varchar, codebook_version varchar, parent_code varchar, facet varchar not null,
        theme_name varchar not null, theme_name_id varchar not null, validation_state varchar not null,
        primary key (theme_code, codebook_version)""",
    ),
    "marts.fct_post_themes": (
        "One row per post and theme.",
        """post_key varchar, theme_code varchar, codebook_version varchar, hit_count bigint not null,
        primary key (post_key, theme_code, codebook_version)""",
    ),
    "marts.fct_indicators": (
        "One row per series, reporter, place, period and part.",
        """indicator_key varchar primary key, indicator_code varchar not null, reporter varchar not null, geo varchar not null,
        period_type varchar not null, dimension varchar not null, unit varchar not null, value bigint, is_conflicting boolean,
        period_start date not null, period_end date not null""",
    ),
    "reports.rpt_claims": (
        "One row per claim and reading.",
        """claim_id varchar, spec_id varchar, claim_text varchar, reading varchar, is_primary boolean, unit varchar,
        estimand varchar, estimate double, ci_low double, ci_high double, null_value double, p_adjusted double, n bigint,
        coverage_share double, covariates varchar, cross_checks varchar, warnings varchar, verdict varchar,
        verdict_text varchar, primary key (claim_id, spec_id)""",
    ),
    "marts.fct_interactions": (
        "One row per post, target and kind.",
        """interaction_key varchar primary key, post_key varchar not null, account_key varchar not null,
        target_account_key varchar not null, target_handle varchar, kind varchar not null, is_self boolean not null,
        posted_date date not null""",
    ),
    "marts.fct_partners": (
        "One row per account and registered account.",
        """account_key varchar, organisation_key varchar, partner varchar not null, organisation_name varchar not null,
        role varchar not null, partner_class varchar not null, first_kind varchar, interaction_count bigint not null,
        returned_count bigint, is_reciprocal boolean, first_date date, first_returned_date date,
        primary key (account_key, organisation_key)""",
    ),
    "marts.fct_networks": (
        "One row per kind of network and year.",
        """kind varchar, posted_year integer, node_count bigint not null, edge_count bigint not null, sender_count bigint,
        density double not null, reciprocity double, hub_share double not null, community_count bigint not null,
        is_star boolean not null, is_approximate boolean not null, primary key (kind, posted_year)""",
    ),
    "marts.fct_account_networks": (
        "One row per account, year and kind of network.",
        """account_key varchar, kind varchar, posted_year integer, degree bigint not null, in_strength bigint, out_strength bigint, betweenness double not null,
        closeness double not null, pagerank double, core bigint not null, pagerank_rank bigint not null,
        betweenness_rank bigint not null, closeness_rank bigint not null, is_star boolean not null,
        primary key (account_key, kind, posted_year)""",
    ),
    "marts.fct_network_edges": (
        "One row per kind of network, year and tied pair.",
        """kind varchar, posted_year integer, from_node varchar, to_node varchar, post_count bigint not null,
        first_date date not null, last_date date not null, primary key (kind, posted_year, from_node, to_node)""",
    ),
    "marts.dim_words": (
        "One row per word and language.",
        "word_key varchar primary key, forms varchar not null, is_stop_word boolean not null",
    ),
    "marts.fct_word_months": (
        "One row per account, word and month.",
        """account_key varchar, word_key varchar, language varchar, word varchar not null, post_count bigint not null,
        token_count bigint not null, is_stop_word boolean not null, posted_month date,
        primary key (account_key, word_key, posted_month)""",
    ),
    "reports.rpt_account_similarity": (
        "One row per pair of accounts.",
        """account_key varchar, other_account_key varchar, handle varchar, other_handle varchar,
        own_post_count bigint, other_own_post_count bigint, shared_word_count bigint, pearson double, jaccard double,
        sorensen double, primary key (account_key, other_account_key)""",
    ),
    "marts.fct_post_engagement": (
        "One row per post and observation. Reposts are excluded.",
        """post_key varchar, capture_id varchar, record_no bigint, engagement_basis varchar not null,
        observation_basis varchar not null, like_count bigint, repost_count bigint, impression_count bigint,
        engagement_rate double, is_latest boolean not null, days_since_post bigint, observed_at timestamptz,
        primary key (post_key, capture_id, record_no)""",
    ),
    "reports.rpt_volume_years": (
        "One row per account and year.",
        "account_key varchar, posted_year integer, post_count bigint, primary key (account_key, posted_year)",
    ),
    "reports.rpt_partner_years": (
        "One row per account and year.",
        """account_key varchar, posted_year integer, own_post_count bigint, partner_post_count bigint,
        own_family_post_count bigint, share_with_partner double, partner_count bigint, new_partner_count bigint,
        is_first_year boolean, observed_month_count bigint not null, primary key (account_key, posted_year)""",
    ),
    "quality.fct_capture_outcomes": (
        "One row per capture.",
        """capture_id varchar primary key, file_name varchar, source varchar, status varchar not null,
        status_reason varchar, delivered_count bigint, loaded_count bigint, rejected_count bigint,
        is_synthetic boolean""",
    ),
    "quality.fct_record_accounting": (
        "One row per capture and type of record.",
        """capture_id varchar, record_type varchar, delivered_count bigint, loaded_count bigint, rejected_count bigint,
        kept_count bigint, duplicate_count bigint, superseded_count bigint, deleted_count bigint,
        primary key (capture_id, record_type)""",
    ),
    "quality.fct_rejected_records": (
        "One row per rejected record.",
        """rejection_key varchar primary key, capture_id varchar, member varchar, reason_code varchar, expected varchar,
        found varchar, next_step varchar, record_no bigint""",
    ),
    "quality.fct_capture_repairs": (
        "One row per capture and source.",
        """capture_id varchar, source varchar, id_damage varchar not null, record_count bigint not null,
        repaired_id_count bigint not null, unrepaired_id_count bigint not null, compared_time_count bigint not null,
        agreeing_time_count bigint not null, false_time_count bigint not null, offset_minutes_from bigint,
        offset_minutes_to bigint, restored_time_count bigint not null, primary key (capture_id, source)""",
    ),
    "quality.fct_control_totals": (
        "One row per capture and statement.",
        """capture_id varchar, statement varchar, stated_count bigint, counted_count bigint, agrees boolean,
        note varchar, primary key (capture_id, statement)""",
    ),
    "quality.fct_check_outcomes": (
        "One row per run, gate, check and capture.",
        """run_id varchar not null, checked_at timestamptz not null, gate varchar not null, check_name varchar not null,
        asset varchar not null, capture_id varchar, severity varchar not null, dimension varchar,
        passed boolean not null, observed varchar, expected varchar, failing_count bigint, why varchar,
        next_step varchar""",
    ),
}

ROWS = """
insert into reference.studies values
    ('default', 'All accounts of the captures', null, 'x', 'UTC', null, null),
    ('demo', 'Synthetic <demo> & test', 'SuaraSyntheticOrgDemo', 'x', 'Asia/Jakarta', '2015-07-01', '2017-12-31');

insert into marts.dim_accounts values
    ('a1', '1', 'o1', 'x', 'SuaraSyntheticOrgDemo', 'Yayasan', 'Yayasan Suara Sintetis', 'yss', 'synthetic', 900, true, true, true, null, null),
    ('a2', '2', 'o2', 'x', 'UNmigration', 'IOM', 'IOM headquarters', 'iom', 'un_agency', 0, true, false, false, null, null),
    ('a3', '3', null, 'x', 'budi_private_person', 'Budi', null, null, 'private_person', 0, false, false, false, null, null);

insert into marts.fct_posts
select
    md5('x:' || i), 'a1', 'c1', i + 1, i::varchar, 'x_archive', 'x', 'SuaraSyntheticOrgDemo', kind, 'id',
    'Text ' || i || ' to @budi_private_person', [{'tag': 'Migrasi', 'start': 1, 'end': 8}], ['photo'],
    case when kind <> 'repost' then i % 40 end, case when kind <> 'repost' then i % 7 end,
    kind = 'repost', kind <> 'repost', posted_at::date, date_trunc('month', posted_at)::date, posted_at
from (
    select
        i,
        ['original', 'original', 'repost', 'reply', 'quote', 'self_reply'][i % 6 + 1] as kind,
        timestamptz '2015-07-03 08:00:00+00' + to_hours(i * 24) as posted_at
    from range(900) as r(i)
)
order by posted_at;

insert into marts.fct_post_volume
select
    'a1', month, kind,
    case when status = 'missing' then null else coalesce(n, 0) end,
    case status when 'observed' then days when 'partial' then 10 else 0 end, days,
    case status when 'observed' then 1.0 when 'partial' then 10 / days else 0.0 end, status, 'round_count', 'Asia/Jakarta'
from (
    select
        m::date as month, last_day(m)::date - m::date + 1 as days,
        case when m = '2016-03-01' then 'missing' when m in ('2015-07-01', '2017-12-01') then 'partial' else 'observed' end as status
    from generate_series(timestamp '2015-07-01', timestamp '2017-12-01', interval 1 month) as s(m)
)
cross join (select unnest(['original', 'reply', 'self_reply', 'quote', 'repost']) as kind)
left join (select posted_month as month, kind, count(*) as n from marts.fct_posts group by all) using (month, kind);

insert into marts.dim_hashtags values ('migrasi', 'Migrasi', 450), ('stoptppo', 'StopTPPO', 300);
insert into marts.fct_post_hashtags
select post_key, unnest(case when record_no % 3 = 0 then ['migrasi', 'stoptppo'] else ['migrasi'] end), account_key, kind,
    is_repost, posted_date
from marts.fct_posts where record_no % 2 = 0;

insert into marts.dim_themes values
    ('AWR', '0.1-draft', null, 'theme', 'Awareness campaign', 'Kampanye kesadaran', 'unvalidated'),
    ('VIC', '0.1-draft', null, 'theme', 'Victim support', 'Dukungan korban', 'unvalidated'),
    ('TOP.TIP', '0.1-draft', null, 'topic', 'Trafficking in persons', 'Perdagangan orang', 'unvalidated');
insert into marts.fct_post_themes
select post_key, case when record_no % 4 = 0 then 'AWR' else 'TOP.TIP' end, '0.1-draft', 1
from marts.fct_posts where record_no % 2 = 0;

insert into marts.fct_others_months values ('x', '2016-02-01', 'original', 7, 6);
insert into marts.fct_others_hashtag_years values ('x', 2016, 'migrasi', 6, 5);
insert into marts.fct_others_theme_months values
    ('x', '2016-02-01', 'AWR', '0.1-draft', 6, 5);
insert into quality.fct_held_back values
    ('fct_others_months', 'x', 1, 1, 1, 9), ('fct_others_hashtag_years', 'x', 1, 30, 0, null),
    ('fct_others_theme_months', 'x', 1, 1, 0, null);

insert into marts.fct_interactions
select md5(post_key || 'i'), post_key, account_key, case when record_no % 3 = 0 then 'a2' else 'a3' end,
    case when record_no % 3 = 0 then 'UNmigration' else 'budi_private_person' end,
    ['mention', 'reply', 'repost', 'quote'][record_no // 2 % 4 + 1], false, posted_date
from marts.fct_posts where record_no % 2 = 1;

insert into marts.fct_partners values
    ('a1', 'o2', 'UNmigration', 'IOM headquarters', 'partner', 'partner', 'mention', 150, null, null, '2015-07-04', null);
insert into marts.fct_networks values
    ('mention', 2015, 3, 2, 1, 0.33, 0, 1, 1, true, false), ('reply', 2016, 4, 4, 3, 0.33, 0.5, 0.75, 2, false, false);
insert into marts.fct_account_networks values
    ('a1', 'mention', 2015, 2, 0, 5, 0.5, 0.5, 0.5, 1, 1, 1, 1, true),
    ('a1', 'reply', 2016, 2, 3, 4, 0.1, 0.2, 0.3, 2, 2, 2, 2, false);
insert into marts.fct_network_edges
select kind, year(posted_date), account_key, target_account_key, count(*), min(posted_date), max(posted_date)
from marts.fct_interactions group by all;
insert into marts.dim_words values ('w1', 'korban', false), ('w2', 'dan', true), ('w3', 'support, supports', false);
insert into marts.fct_word_months values
    ('a1', 'w1', 'id', 'korban', 120, 130, false, '2015-08-01'), ('a1', 'w1', 'id', 'korban', 30, 30, false, '2016-01-01'),
    ('a1', 'w2', 'id', 'dan', 500, 900, true, '2016-01-01'), ('a1', 'w3', 'en', 'support', 90, 95, false, '2016-01-01');
insert into reports.rpt_account_similarity
select 'a' || i, 'a' || j, 'Synthetic' || i, 'Synthetic' || j, 9, 9, 40, 1 - (j - i) / 10, 0.5, 0.6
from range(4, 7) as r(i), range(5, 8) as s(j) where i < j;
insert into marts.dim_accounts
select 'a' || i, i::varchar, 'o' || i, 'x', 'Synthetic' || i, 'Office', 'Office ' || i, 'other', 'synthetic', 9, true, false,
    false, null, null
from range(4, 8) as r(i);
insert into reports.rpt_partner_years values
    ('a1', 2015, 120, 30, 5, 0.25, 2, 2, true, 5), ('a1', 2016, 300, 90, 0, 0.3, 3, 1, false, 11);

insert into marts.fct_post_engagement
select post_key, capture_id, record_no, if(record_no % 2 = 0, 'likes, reposts, impressions', 'likes, reposts'), 'export',
    like_count, repost_count, if(record_no % 2 = 0, 1000, null),
    if(record_no % 2 = 0, (like_count + repost_count) / 1000, null), true, 400, '2019-01-01 00:00:00+00'
from marts.fct_posts where is_own;

insert into reports.rpt_volume_years select account_key, year(posted_date), count(*) from marts.fct_posts group by all;

-- made-up figures; one series rises, one is a placement, one year is outside the data
insert into marts.fct_indicators
select 'k' || s.no || y.no, s.code, s.reporter, 'XXA', 'annual', 'total', s.unit, s.value + s.step * y.no, false,
    make_date(y.no, 1, 1), make_date(y.no, 12, 31)
from (values (1, 'made_up_cases', 'Made-up ministry', 'cases', 100, 3), (2, 'made_up_tier', 'Made-up department', 'rank 1 to 4', 2, 0))
    as s(no, code, reporter, unit, value, step)
cross join (values (2015), (2016), (2017), (1999)) as y(no);

insert into reports.rpt_claims values
    ('C1', 'C1.rate', 'It posted more', 'later against earlier', true, 'ratio', 'posts per day', 2.4, 1.9, 3.1, 2, 0.06, 90, 0.97,
        'days', 'Welch 2.3 (1.8 to 3.0)', 'fragile: readings differ', 'consistent_not_proven', 'Consistent, not proven: 2.40 (1.90 to 3.10).'),
    ('C1', 'C1.year', 'It posted more', 'each year', false, 'ratio', 'posts per day', null, null, null, 2, null, 0, 0.1,
        '', '', '', 'not_testable', 'Not testable: captures cover 10% of the days.');

insert into quality.fct_capture_outcomes values
    ('c1' || repeat('0', 62), 'archive.zip', 'x_archive', 'accepted', null, 910, 905, 5, true),
    ('c2' || repeat('0', 62), 'capture c20000000000', 'x_api_v2', 'quarantined', 'ids damaged', 50, 50, 0, false);
insert into quality.fct_record_accounting values
    ('c1' || repeat('0', 62), 'post', 910, 905, 5, 900, 3, 1, 1),
    ('c1' || repeat('0', 62), 'note', 4, 4, 0, null, null, null, null),
    ('c2' || repeat('0', 62), 'post', 50, 50, 0, null, null, null, null);
insert into quality.fct_rejected_records
select 'k' || i, 'c1' || repeat('0', 62), 'data/tweets.js', 'no_time', 'a time', 'secret words', 'Ask for a new archive.', i
from range(5) as r(i);
insert into quality.fct_control_totals values
    ('c1' || repeat('0', 62), 'manifest.tweets', 912, 910, false, 'two posts fewer than stated'),
    ('c1' || repeat('0', 62), 'tweet_headers', 910, 910, true, null);
insert into quality.fct_capture_repairs values
    ('c1' || repeat('0', 62), 'x_archive', 'excel', 905, 800, 105, 900, 200, 3, 420, 480, 697),
    ('c2' || repeat('0', 62), 'x_api_v2', 'none', 50, 0, 0, 50, 50, 0, null, null, 0);
insert into quality.fct_check_outcomes values
    ('r0', '2026-01-01 00:00:00+00', 'raw', 'ids_intact', 'raw/x_api_v2', 'c2' || repeat('0', 62), 'critical', 'validity', true, '0 %', '0 %', 0, 'why', 'next'),
    ('r1', '2026-01-02 00:00:00+00', 'raw', 'ids_intact', 'raw/x_api_v2', 'c2' || repeat('0', 62), 'critical', 'validity', false, '40 % end in 000', '0 %', 20, 'Excel damages ids.', 'Export again as text.'),
    ('r1', '2026-01-02 00:00:00+00', 'raw', 'totals_agree', 'raw/x_archive', 'c1' || repeat('0', 62), 'warning', 'consistency', false, '910', '912', 2, 'A part may be missing.', 'Ask for the archive again.'),
    ('r1', '2026-01-02 00:00:01+00', 'marts', 'post_key_unique', 'marts/fct_posts', null, 'critical', 'uniqueness', true, '0', '0', 0, 'why', 'next');

alter table marts.dim_themes add codebook_hash varchar default 'hash of the codebook';
alter table reports.rpt_claims add claims_sha256 varchar default 'hash of the claims';
alter table reports.rpt_claims add claim_text_id varchar default 'Unggahannya lebih banyak';
alter table reports.rpt_claims add reading_id varchar default 'kemudian dibanding sebelumnya';
alter table reports.rpt_claims add verdict_text_id varchar default 'Sejalan, belum terbukti: 2,40 (1,90 sampai 3,10).';
alter table quality.fct_check_outcomes add failing_sample varchar
    default '["record 3 of data/tweets.js (id 12)"]';
alter table quality.fct_capture_outcomes add observed_at timestamptz default '2023-04-01 00:00:00+00';
alter table quality.fct_capture_outcomes add is_of_one_private_account boolean default false;
"""


def make_warehouse(folder: Path) -> Path:
    """Write `warehouse.duckdb` into `folder`."""
    path = folder / "warehouse.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("set TimeZone = 'UTC'")
        for schema in ("raw", "reference", "marts", "reports", "quality"):
            con.execute(f"create schema {schema}")
        con.execute("create table raw.secret as select 'deleted text' as text")
        con.execute(
            "create table reference.studies (study varchar, title varchar, focal_handle varchar, platform varchar, "
            "reporting_timezone varchar, window_from date, window_to date)"
        )
        for name, (_, ddl) in TABLES.items():
            con.execute(f"create table {name} ({ddl})")
        con.execute(ROWS)
    return path


def make_manifest(warehouse: Path, target: Path) -> Path:
    """Write a dbt manifest that describes every table of the hand-made warehouse."""
    nodes = {}
    with duckdb.connect(str(warehouse), read_only=True) as con:
        for name, (grain, _) in TABLES.items():
            schema, table = name.split(".")
            columns = con.execute(
                "select column_name, data_type from duckdb_columns() where schema_name = ? and table_name = ?",
                [schema, table],
            ).fetchall()
            nodes[f"model.suara.{table}"] = {
                "resource_type": "model",
                "schema": schema,
                "name": table,
                "alias": table,
                "description": f"{grain} It's for readers;\n  'quoted'.",
                "config": {"materialized": "table"},
                "constraints": [],
                "columns": {
                    c: {"name": c, "description": f"Meaning of {c}.", "data_type": kind} for c, kind in columns
                },
            }
    target.write_text(json.dumps({"nodes": nodes}), encoding="utf-8")
    return target


def make_descriptions(warehouse: Path) -> Descriptions:
    """The descriptions of the hand-made warehouse."""
    return Descriptions.from_manifest(make_manifest(warehouse, warehouse.with_name("manifest.json")))
