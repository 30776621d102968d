"""Every question the study report asks of the published file, as SQL that a reader can run herself.

Belongs here: SELECT statements, complete and self-contained.
Does not belong here: sentences, pictures, and anything that changes a database.

A private person is never named: accounts are shown by name only when they are registered
(`is_registered`) or named by the study itself (`is_focal`).
"""

from __future__ import annotations

# Whose posts the report is about: the study's account; without one, the accounts whose own export was loaded;
# without those, the registered accounts in the data. Of all others something is said of all together only.
_STUDY_ACCOUNTS = """
study_accounts as (
    select
        account_key,
        case
            when is_registered then organisation_name || ', @' || handle
            when is_focal then '@' || handle
            else 'Account ' || row_number() over (order by post_count desc, account_key) || ' (not registered)'
        end as account
    from marts.dim_accounts
    where is_focal
        or (is_capture_owner and not exists (select 1 from marts.dim_accounts where is_focal))
        or (
            is_registered
            and post_count > 0
            and not exists (select 1 from marts.dim_accounts where is_focal or is_capture_owner)
        )
)
""".strip()

# How much of each year was looked at, of twelve months per account; stands beside every number per year.
_YEARS = """
years as (
    select
        cast(year(posted_month) as integer) as year,
        count(*) filter (where coverage_status = 'observed') as observed_months,
        12 * count(distinct account_key) as calendar_months
    from (
        select distinct account_key, posted_month, coverage_status
        from marts.fct_post_volume
        inner join study_accounts using (account_key)
    )
    group by 1
)
""".strip()

# The same of each account by itself: likes of two accounts are of two audiences and are never put together.
_ACCOUNT_YEARS = """
account_years as (
    select
        account_key,
        account,
        cast(year(posted_month) as integer) as year,
        count(*) filter (where coverage_status = 'observed') as observed_months,
        12 as calendar_months
    from (
        select distinct account_key, account, posted_month, coverage_status
        from marts.fct_post_volume
        inner join study_accounts using (account_key)
    )
    group by all
)
""".strip()

# Themes and words are known of registered accounts only: posts of others are not posts without a theme.
_STUDY_POSTS = """
study_posts as (
    select post_key, year(posted_date) as year
    from marts.fct_posts
    inner join study_accounts using (account_key)
    inner join marts.dim_accounts using (account_key)
    where is_own and is_registered
)
""".strip()


# What the gates said about this data: the newest run of each gate. The gates after `marts` judge the finished
# tables and the published file itself; a file that is in place has passed them.
LATEST_CHECKS = """
latest_checks as (
    select *
    from quality.fct_check_outcomes
    where gate in ('raw', 'staging', 'marts')
    qualify run_id = first_value(run_id) over (partition by gate order by checked_at desc, run_id)
)
""".strip()

# Files of one name are told apart by the first characters of the capture's id; a name that is not shown is these.
CAPTURE_NAMES = """
capture_names as (
    select
        capture_id,
        case
            when file_name = 'capture ' || left(capture_id, 12) then file_name
            else file_name || ' ' || left(capture_id, 8)
        end as capture
    from quality.fct_capture_outcomes
)
""".strip()


def _query(*ctes: str, body: str) -> str:
    return "with\n\n" + ",\n\n".join(ctes) + "\n\n" + body.strip()


def _codes(facet: str) -> str:
    """Own posts per code of one facet of the codebook, sub-codes counted with their parent by the codebook itself."""
    return _query(
        _STUDY_ACCOUNTS,
        _STUDY_POSTS,
        body=f"""
select
    theme_name as {facet},
    theme_name_id as {facet}_id,
    theme_code as code,
    count(distinct study_posts.post_key) as own_posts,
    count(distinct study_posts.post_key) / nullif((select count(*) from study_posts), 0) as share_of_own_posts,
    validation_state
from marts.dim_themes
left join marts.fct_post_themes using (theme_code, codebook_version)
left join study_posts using (post_key)
where facet = '{facet}' and parent_code is null and exists (select 1 from study_posts)
group by all
order by own_posts desc, theme_code
""",
    )


QUERIES: dict[str, str] = {
    "accounts": _query(
        _STUDY_ACCOUNTS,
        body="""
select
    account,
    count(post_key) as posts,
    count(post_key) filter (where is_own) as own_posts,
    count(post_key) filter (where is_repost) as reposts,
    min(posted_date) as first_post,
    max(posted_date) as last_post
from study_accounts
left join marts.fct_posts using (account_key)
group by account
order by posts desc, account
""",
    ),
    "coverage_months": _query(
        _STUDY_ACCOUNTS,
        body="""
select
    account,
    posted_month,
    any_value(coverage_status) as coverage_status,
    any_value(covered_days) as covered_days,
    any_value(calendar_days) as calendar_days,
    cast(sum(post_count) filter (where kind <> 'repost') as bigint) as own_posts,
    cast(sum(post_count) filter (where kind = 'repost') as bigint) as reposts,
    max(suspected_cap) as suspected_cap
from marts.fct_post_volume
inner join study_accounts using (account_key)
group by account, posted_month
order by account, posted_month
""",
    ),
    "volume_years": _query(
        _STUDY_ACCOUNTS,
        _YEARS,
        body="""
select
    years.year,
    years.observed_months,
    years.calendar_months,
    cast(sum(post_count) filter (where kind <> 'repost') as bigint) as own_posts,
    cast(sum(post_count) filter (where kind = 'repost') as bigint) as reposts
from marts.fct_post_volume
inner join study_accounts using (account_key)
inner join years on years.year = year(posted_month)
group by all
order by years.year
""",
    ),
    "kinds": _query(
        _STUDY_ACCOUNTS,
        _YEARS,
        body="""
select
    years.year,
    years.observed_months,
    years.calendar_months,
    kind,
    count(*) as posts
from marts.fct_posts
inner join study_accounts using (account_key)
inner join years on years.year = year(posted_date)
group by all
order by years.year, kind
""",
    ),
    # All other accounts, together: what is said of private persons.
    "others_months": """
select platform, posted_month, kind, post_count as posts, account_count as accounts
from marts.fct_others_months
order by platform, posted_month, kind
""".strip(),
    "others_hashtags": """
select
    platform,
    posted_year as year,
    hashtag,
    own_post_count as own_posts,
    account_count as accounts
from marts.fct_others_hashtag_years
order by platform, posted_year, own_post_count desc, hashtag
""".strip(),
    "others_themes": """
select
    platform,
    posted_month,
    theme_name as theme,
    own_post_count as own_posts,
    account_count as accounts,
    validation_state
from marts.fct_others_theme_months
inner join marts.dim_themes using (theme_code, codebook_version)
where dim_themes.facet = 'theme' and parent_code is null
order by platform, posted_month, own_post_count desc, theme_name
""".strip(),
    "held_back": """
select
    table_name,
    cast(sum(shown_cell_count) as bigint) as shown,
    cast(sum(small_cell_count) as bigint) as small,
    cast(sum(complementary_cell_count) as bigint) as complementary,
    cast(sum(held_back_post_count) as bigint) as posts
from quality.fct_held_back
group by table_name
order by table_name
""".strip(),
    "hashtags": _query(
        _STUDY_ACCOUNTS,
        body="""
select
    display_form as hashtag,
    count(*) filter (where not fct_post_hashtags.is_repost) as own_posts,
    count(*) filter (where fct_post_hashtags.is_repost) as reposts,
    count(*) as posts,
    min(posted_date) as first_used,
    max(posted_date) as last_used
from marts.fct_post_hashtags
inner join study_accounts using (account_key)
inner join marts.dim_hashtags using (hashtag)
group by hashtag, display_form
order by posts desc, hashtag
limit 15
""",
    ),
    "hashtag_trend": _query(
        _STUDY_ACCOUNTS,
        _YEARS,
        """
most_used as (
    select hashtag, row_number() over (order by count(*) desc, hashtag) as place
    from marts.fct_post_hashtags
    inner join study_accounts using (account_key)
    group by hashtag
    order by place
    limit 10
),

counted as (
    select cast(year(posted_date) as integer) as year, hashtag, count(*) as posts
    from marts.fct_post_hashtags
    inner join study_accounts using (account_key)
    inner join most_used using (hashtag)
    group by 1, 2
)
""".strip(),
        body="""
select
    display_form as hashtag,
    years.year,
    observed_months,
    calendar_months,
    coalesce(posts, case when observed_months > 0 then 0 end) as posts
from most_used
cross join years
inner join marts.dim_hashtags on dim_hashtags.hashtag = most_used.hashtag
left join counted on counted.hashtag = most_used.hashtag and counted.year = years.year
order by place, years.year
""",
    ),
    "hashtag_years": _query(
        _STUDY_ACCOUNTS,
        _YEARS,
        """
counted as (
    select cast(year(posted_date) as integer) as year, hashtag, count(*) as posts
    from marts.fct_post_hashtags
    inner join study_accounts using (account_key)
    group by 1, 2
),

ranked as (
    select *, row_number() over (partition by year order by posts desc, hashtag) as rank
    from counted
)
""".strip(),
        body="""
select
    years.year,
    observed_months,
    calendar_months,
    max(case when rank = 1 then '#' || display_form || ' (' || posts || ')' end) as first,
    max(case when rank = 2 then '#' || display_form || ' (' || posts || ')' end) as second,
    max(case when rank = 3 then '#' || display_form || ' (' || posts || ')' end) as third,
    max(case when rank = 4 then '#' || display_form || ' (' || posts || ')' end) as fourth,
    max(case when rank = 5 then '#' || display_form || ' (' || posts || ')' end) as fifth
from ranked
inner join marts.dim_hashtags using (hashtag)
inner join years using (year)
where rank <= 5
group by years.year, observed_months, calendar_months
order by years.year
""",
    ),
    "themes": _codes("theme"),
    "topics": _codes("topic"),
    "theme_years": _query(
        _STUDY_ACCOUNTS,
        _YEARS,
        _STUDY_POSTS,
        """
own_by_year as (select year, count(*) as own_posts_of_year from study_posts group by year),

touched as (
    select year, theme_code, codebook_version, count(*) as own_posts
    from study_posts
    inner join marts.fct_post_themes using (post_key)
    group by all
)
""".strip(),
        body="""
select
    theme_name as theme,
    theme_name_id as theme_id,
    years.year,
    observed_months,
    calendar_months,
    coalesce(own_posts, 0) as own_posts,
    own_posts_of_year,
    coalesce(own_posts, 0) / own_posts_of_year as share_of_own_posts,
    validation_state
from marts.dim_themes
cross join own_by_year
inner join years using (year)
left join touched
    on touched.year = own_by_year.year
    and touched.theme_code = dim_themes.theme_code
    and touched.codebook_version = dim_themes.codebook_version
where facet = 'theme' and parent_code is null
order by theme, years.year
""",
    ),
    "themes_untouched": _query(
        _STUDY_ACCOUNTS,
        _STUDY_POSTS,
        body="""
select
    count(*) as own_posts,
    count(*) filter (where post_key not in (select post_key from marts.fct_post_themes)) as without_any_code,
    without_any_code / nullif(own_posts, 0) as share_without_any_code,
    count(*) filter (
        where post_key not in (
            select post_key from marts.fct_post_themes
            inner join marts.dim_themes using (theme_code, codebook_version)
            where facet = 'theme'
        )
    ) as without_theme,
    without_theme / nullif(own_posts, 0) as share_without_theme
from study_posts
""",
    ),
    "theme_accounts": _query(
        _STUDY_ACCOUNTS,
        """
counted as (
    select account_key, account, count(*) as own_posts_of_account
    from marts.fct_posts
    inner join study_accounts using (account_key)
    inner join marts.dim_accounts using (account_key)
    where is_own and is_registered
    group by all
),

touched as (
    select fct_posts.account_key, theme_code, codebook_version, count(*) as own_posts
    from marts.fct_post_themes
    inner join marts.fct_posts using (post_key)
    where is_own
    group by all
)
""".strip(),
        body="""
select
    theme_name as theme,
    theme_name_id as theme_id,
    account,
    coalesce(own_posts, 0) as own_posts,
    own_posts_of_account,
    coalesce(own_posts, 0) / own_posts_of_account as share_of_own_posts,
    validation_state
from marts.dim_themes
cross join counted
left join touched using (account_key, theme_code, codebook_version)
where facet = 'theme' and parent_code is null
order by theme, own_posts_of_account desc, account
""",
    ),
    "words": _query(
        _STUDY_ACCOUNTS,
        """
own_posts as (
    select count(*) as posts_in_all
    from marts.fct_posts
    inner join study_accounts using (account_key)
    inner join marts.dim_accounts using (account_key)
    where is_own and is_registered
),

counted as (
    select
        word_key,
        language,
        any_value(word) as word,
        cast(sum(post_count) as bigint) as own_posts,
        cast(sum(token_count) as bigint) as occurrences
    from marts.fct_word_months
    inner join study_accounts using (account_key)
    where not is_stop_word and try_cast(word as bigint) is null
    group by word_key, language
)
""".strip(),
        body="""
select
    counted.word,
    counted.language,
    own_posts,
    occurrences,
    own_posts / posts_in_all as share_of_own_posts,
    forms
from counted
cross join own_posts
inner join marts.dim_words using (word_key)
qualify row_number() over (partition by counted.language order by own_posts desc, counted.word) <= 15
order by sum(own_posts) over (partition by counted.language) desc, counted.language, own_posts desc, counted.word
""",
    ),
    "account_similarity": """
select
    coalesce(accounts.organisation_name || ', ', '') || '@' || similarity.handle as account,
    coalesce(others.organisation_name || ', ', '') || '@' || similarity.other_handle as other_account,
    similarity.own_post_count as own_posts,
    other_own_post_count as other_own_posts,
    shared_word_count as shared_words,
    pearson,
    jaccard,
    sorensen
from reports.rpt_account_similarity as similarity
inner join marts.dim_accounts as accounts on accounts.account_key = similarity.account_key
inner join marts.dim_accounts as others on others.account_key = similarity.other_account_key
where (accounts.is_registered or accounts.is_focal) and (others.is_registered or others.is_focal)
order by pearson desc nulls last, account, other_account
""".strip(),
    "mentions": _query(
        _STUDY_ACCOUNTS,
        body="""
select
    case when targets.is_registered then organisation_name else 'Everyone else, not named' end as account,
    case when targets.is_registered then '@' || handle end as handle,
    coalesce(targets.is_registered, false) as is_registered,
    count(distinct target_account_key) as accounts,
    count(distinct post_key) as posts,
    min(posted_date) as first_mention,
    max(posted_date) as last_mention
from marts.fct_interactions
inner join study_accounts using (account_key)
left join marts.dim_accounts as targets on targets.account_key = target_account_key
where kind = 'mention' and not is_self
group by 1, 2, 3
order by is_registered desc, posts desc, account
""",
    ),
    "sociogram": _query(
        _STUDY_ACCOUNTS,
        """
names as (
    select
        account_key,
        case when is_registered or is_focal then '@' || handle else account end as name
    from marts.dim_accounts
    left join study_accounts using (account_key)
    where is_registered or is_focal or account is not null
)
""".strip(),
        body="""
select
    coalesce(senders.name, 'everyone else') as sender,
    coalesce(receivers.name, 'everyone else') as receiver,
    kind,
    cast(sum(fct_network_edges.post_count) as bigint) as posts,
    count(distinct from_node) as sending_accounts,
    count(distinct to_node) as receiving_accounts,
    min(first_date) as first_tie,
    max(last_date) as last_tie
from marts.fct_network_edges
left join names as senders on senders.account_key = from_node
left join names as receivers on receivers.account_key = to_node
where kind <> 'hashtag'
group by 1, 2, 3
order by posts desc, sender, receiver, kind
""",
    ),
    "interactions": _query(
        _STUDY_ACCOUNTS,
        _YEARS,
        body="""
select
    years.year,
    observed_months,
    calendar_months,
    kind,
    count(*) as interactions
from marts.fct_interactions
inner join study_accounts using (account_key)
inner join years on years.year = year(posted_date)
where not is_self
group by all
order by years.year, kind
""",
    ),
    "partners": _query(
        _STUDY_ACCOUNTS,
        body="""
select
    case
        when dim_accounts.is_registered then organisation_name
        else 'Everyone else, not named'
    end as partner,
    case when dim_accounts.is_registered then '@' || handle end as handle,
    coalesce(dim_accounts.is_registered, false) as is_registered,
    count(distinct target_account_key) as accounts,
    count(distinct post_key) as posts,
    count(*) filter (where kind = 'mention') as mentions,
    count(*) filter (where kind = 'reply') as replies,
    count(*) filter (where kind = 'repost') as reposts,
    count(*) filter (where kind = 'quote') as quotes
from marts.fct_interactions
inner join study_accounts using (account_key)
left join marts.dim_accounts on dim_accounts.account_key = target_account_key
where not is_self
group by 1, 2, 3
order by is_registered desc, posts desc, partner
""",
    ),
    "partner_years": _query(
        _STUDY_ACCOUNTS,
        body="""
select
    posted_year as year,
    account,
    own_post_count as own_posts,
    partner_post_count as with_a_partner,
    own_post_count - partner_post_count as without,
    share_with_partner,
    own_family_post_count as with_own_family,
    partner_count as partners,
    new_partner_count as new_partners,
    coalesce(is_first_year, false) as first_year,
    observed_month_count as observed_months,
    12 as calendar_months
from reports.rpt_partner_years
inner join study_accounts using (account_key)
where own_post_count is not null
order by account, year
""",
    ),
    "relations": _query(
        _STUDY_ACCOUNTS,
        body="""
select
    organisation_name || ', @' || partner as partner,
    account,
    case when partner_class = 'own_family' then 'own family' else role end as role,
    first_date as first_contact,
    first_kind as by,
    interaction_count as interactions,
    returned_count as returned,
    first_returned_date as first_returned,
    case
        when is_reciprocal then 'both ways'
        when not is_reciprocal then 'one way'
        else 'not observable'
    end as reciprocity
from marts.fct_partners
inner join study_accounts using (account_key)
order by account, interactions desc, partner
""",
    ),
    "networks": """
select
    posted_year as year,
    kind,
    node_count as nodes,
    sender_count as senders,
    edge_count as ties,
    density as share_of_possible_ties,
    reciprocity as share_returned,
    hub_share as share_at_one_node,
    is_star as star,
    community_count as communities,
    case when is_approximate then 'from a sample' else 'all' end as paths
from marts.fct_networks
order by kind, year
""".strip(),
    "central_accounts": """
select
    organisation_name || ', @' || handle as account,
    kind,
    posted_year as year,
    degree as tied_to,
    in_strength as posts_towards_it,
    out_strength as posts_from_it,
    case when not fct_account_networks.is_star then pagerank_rank end as rank_by_pagerank,
    case when not fct_account_networks.is_star then betweenness_rank end as rank_by_betweenness,
    case when not fct_account_networks.is_star then closeness_rank end as rank_by_closeness,
    node_count as of_accounts,
    case when not fct_account_networks.is_star then core end as core,
    fct_account_networks.is_star as star
from marts.fct_account_networks
inner join marts.dim_accounts using (account_key)
inner join marts.fct_networks using (kind, posted_year)
where is_registered
order by kind, year, tied_to desc, account
""".strip(),
    "engagement": _query(
        _STUDY_ACCOUNTS,
        _ACCOUNT_YEARS,
        body="""
select
    account,
    account_years.year,
    observed_months,
    calendar_months,
    observation_basis as basis,
    count(*) as own_posts,
    quantile_cont(fct_post_engagement.like_count, 0.25) as likes_25,
    median(fct_post_engagement.like_count) as likes_median,
    quantile_cont(fct_post_engagement.like_count, 0.75) as likes_75,
    median(fct_post_engagement.repost_count) as reposts_median,
    count(fct_post_engagement.impression_count) as with_impressions
from marts.fct_post_engagement
inner join marts.fct_posts using (post_key)
inner join account_years
    on account_years.account_key = fct_posts.account_key
    and account_years.year = year(posted_date)
where is_latest
group by all
order by account, account_years.year, basis
""",
    ),
    "engagement_by_interaction": _query(
        _STUDY_ACCOUNTS,
        _ACCOUNT_YEARS,
        """
company as (
    select
        post_key,
        max(case when not targets.is_registered then 1 when targets.family = authors.family then 2 else 3 end) as rank
    from marts.fct_interactions
    inner join study_accounts using (account_key)
    inner join marts.dim_accounts as authors on authors.account_key = fct_interactions.account_key
    inner join marts.dim_accounts as targets on targets.account_key = target_account_key
    where not is_self and kind in ('mention', 'reply', 'quote')
    group by post_key
)
""".strip(),
        body="""
select
    account,
    account_years.year,
    observed_months,
    calendar_months,
    case coalesce(rank, 0)
        when 3 then 'with a partner' when 2 then 'with its own family' when 1 then 'with others' else 'with nobody'
    end as company,
    count(*) as posts,
    quantile_cont(fct_post_engagement.like_count, 0.25) as likes_25,
    median(fct_post_engagement.like_count) as likes_median,
    quantile_cont(fct_post_engagement.like_count, 0.75) as likes_75,
    median(fct_post_engagement.repost_count) as reposts_median
from marts.fct_post_engagement
inner join marts.fct_posts using (post_key)
inner join account_years
    on account_years.account_key = fct_posts.account_key
    and account_years.year = year(posted_date)
left join company using (post_key)
where is_latest
    and kind in ('original', 'quote')
    and fct_post_engagement.like_count is not null
    and coalesce(days_since_post, 30) >= 30
group by all
order by account, account_years.year, company
""",
    ),
    "engagement_rates": _query(
        _STUDY_ACCOUNTS,
        _ACCOUNT_YEARS,
        """
rated as (
    select post_key, engagement_basis, engagement_rate, impression_count
    from marts.fct_post_engagement
    where engagement_rate is not null
    qualify row_number() over (partition by post_key order by observed_at desc nulls last, capture_id, record_no) = 1
)
""".strip(),
        body="""
select
    account,
    account_years.year,
    observed_months,
    calendar_months,
    engagement_basis as basis,
    count(*) as own_posts_with_impressions,
    median(rated.impression_count) as impressions_median,
    quantile_cont(engagement_rate, 0.25) as share_engaged_25,
    median(engagement_rate) as share_engaged_median,
    quantile_cont(engagement_rate, 0.75) as share_engaged_75
from rated
inner join marts.fct_posts using (post_key)
inner join account_years
    on account_years.account_key = fct_posts.account_key
    and account_years.year = year(posted_date)
group by all
order by account, account_years.year, basis
""",
    ),
    "indicators": """
with

annual as (
    select reporter, indicator_code, geo, unit, value, is_conflicting, year(period_start) as figure_year
    from marts.fct_indicators
    cross join quality.release
    where dimension = 'total'
        and period_type in ('annual', 'reporting_year')
        and value is not null
        and period_end >= coalesce(study_from, cast(data_from as date))
        and period_start <= coalesce(study_to, cast(data_to as date))
)

select
    reporter,
    indicator_code as series,
    geo as place,
    unit as counts,
    count(*) as figures,
    concat_ws('–', min(figure_year), nullif(max(figure_year), min(figure_year))) as years,
    arg_min(value, figure_year) as first,
    arg_max(value, figure_year) as last,
    min(value) as lowest,
    max(value) as highest,
    count(*) filter (where is_conflicting) as conflicting
from annual
group by reporter, indicator_code, geo, unit
order by reporter, series, place
""",
    "claims": """
select
    claim_id as claim,
    reading,
    reading_id,
    is_primary as decides,
    case when unit = 'share' then printf('%.1f %%', 100 * estimate) else printf('%.3g', estimate) end as estimate,
    case when ci_low is not null then printf('%.2f to %.2f', ci_low, ci_high) end as interval,
    printf('%.3g', null_value) as must_exceed,
    p_adjusted,
    n,
    coverage_share as share_of_days_covered,
    replace(verdict, '_', ' ') as verdict,
    cross_checks,
    warnings
from reports.rpt_claims
order by claim_id, is_primary desc, spec_id
""",
    "claims_decided": """
select
    claim_id,
    claim_text,
    claim_text_id,
    reading,
    reading_id,
    estimand,
    verdict,
    verdict_text,
    verdict_text_id,
    covariates,
    cross_checks,
    warnings,
    readings,
    testable
from reports.rpt_claims
inner join (
    select claim_id, count(*) as readings, count(*) filter (where verdict <> 'not_testable') as testable
    from reports.rpt_claims
    group by claim_id
) using (claim_id)
where is_primary
order by claim_id
""",
    "captures": _query(
        CAPTURE_NAMES,
        body="""
select
    capture,
    source,
    status,
    record_type,
    accounting.delivered_count as delivered,
    accounting.loaded_count as loaded,
    accounting.rejected_count as rejected,
    kept_count as kept,
    duplicate_count as duplicates,
    superseded_count as superseded,
    deleted_count as deleted
from quality.fct_capture_outcomes
inner join capture_names using (capture_id)
left join quality.fct_record_accounting as accounting using (capture_id)
order by status, capture, record_type
""",
    ),
    "captures_of_one_account": _query(
        CAPTURE_NAMES,
        body="""
select capture
from quality.fct_capture_outcomes
inner join capture_names using (capture_id)
where is_of_one_private_account
order by capture
""",
    ),
    "rejected": _query(
        CAPTURE_NAMES,
        body="""
select
    capture,
    member,
    reason_code as reason,
    count(*) as records,
    any_value(next_step) as what_to_do
from quality.fct_rejected_records
inner join capture_names using (capture_id)
group by all
order by records desc, capture, member, reason
""",
    ),
    "control_totals": _query(
        CAPTURE_NAMES,
        body="""
select capture, statement, stated_count as stated, counted_count as counted, note
from quality.fct_control_totals
inner join capture_names using (capture_id)
where not agrees
order by capture, statement
""",
    ),
    "repairs": _query(
        CAPTURE_NAMES,
        body="""
select
    capture,
    repairs.source,
    id_damage,
    record_count as records,
    repaired_id_count as ids_found_again,
    unrepaired_id_count as ids_lost,
    compared_time_count as times_compared,
    agreeing_time_count as times_agreeing,
    case
        when offset_minutes_from = offset_minutes_to then cast(offset_minutes_from as varchar)
        when offset_minutes_from is not null then concat(offset_minutes_from, ' to ', offset_minutes_to)
    end as minutes_off,
    false_time_count as times_false,
    restored_time_count as times_from_ids
from quality.fct_capture_repairs as repairs
inner join capture_names using (capture_id)
where id_damage <> 'none'
    or repaired_id_count + unrepaired_id_count + restored_time_count > 0
    or compared_time_count > agreeing_time_count
order by capture, source
""",
    ),
    "gates": _query(
        LATEST_CHECKS,
        body="""
select
    gate,
    count(*) as checks,
    count(*) filter (where passed) as passed,
    count(*) filter (where not passed and severity <> 'critical') as warned,
    count(*) filter (where not passed and severity = 'critical') as failed
from latest_checks
group by gate
order by list_position(['raw', 'staging', 'marts'], gate)
""",
    ),
    "checks_not_passed": _query(
        LATEST_CHECKS,
        CAPTURE_NAMES,
        body="""
select
    gate,
    check_name as "check",
    severity,
    coalesce(capture, asset) as place,
    expected,
    observed as found,
    failing_count as records,
    why,
    next_step as what_to_do
from latest_checks
left join capture_names using (capture_id)
where not passed
order by severity = 'critical' desc, list_position(['raw', 'staging', 'marts'], gate), check_name, place
""",
    ),
    "checks": _query(
        LATEST_CHECKS,
        body="""
select
    gate,
    check_name as "check",
    severity,
    dimension,
    count(*) as outcomes,
    count(*) filter (where passed) as passed,
    count(*) filter (where not passed) as not_passed
from latest_checks
group by gate, check_name, severity, dimension
order by list_position(['raw', 'staging', 'marts'], gate), check_name
""",
    ),
    "release": "select * from quality.release",
    "release_tables": "select * from quality.release_tables order by schema_name, table_name",
}
