with

captures as (

    select
        *,
        -- exports that only the owner of the account can ask for: whoever has one got it from the owner. A repository of Bluesky
        -- holds every post, too, but its server gives it to everybody
        coalesce(
            source in ('x_archive', 'x_archive_legacy', 'x_analytics') or (source = 'mastodon' and is_census), false
        ) as is_owners_export

    from {{ ref('stg_suara__captures') }}

    where status = 'accepted'

),

observations as (

    select * from {{ ref('int_posts__observations') }}

),

study as (

    select reporting_timezone from {{ ref('int_studies__selected') }}

),

observed_authors as (

    select
        capture_id,
        account_key,
        count(*) as record_count,
        count(*) filter (where outcome = 'kept') as kept_count,
        min(posted_at) as first_posted_at,
        max(posted_at) as last_posted_at

    from observations

    group by 1, 2

),

captures_counted as (

    select
        capture_id,
        sum(record_count) as record_count

    from observed_authors

    group by 1

),

census_captures as (

    select
        captures.*,
        {{ account_key('platform', 'owner_account_id', 'owner_handle') }} as account_key

    from captures

    where is_census
        and (owner_account_id is not null or owner_handle is not null)

),

-- An archive holds every post of its owner from the day the account could post to the day of the export, days without
-- posts included. A post before the stated beginning proves that the account could post then.
census_windows as (

    select
        census_captures.account_key,
        census_captures.capture_id,
        'census' as basis,
        coalesce(observed_authors.record_count, 0) as record_count,
        observed_authors.first_posted_at,
        observed_authors.last_posted_at,
        least(
            coalesce(
                greatest(census_captures.coverage_from, census_captures.owner_created_at),
                observed_authors.first_posted_at
            ),
            observed_authors.first_posted_at
        ) as covered_from_at,
        greatest(census_captures.coverage_to, observed_authors.last_posted_at) as covered_to_at,
        census_captures.is_owners_export

    from census_captures

    left join observed_authors
        on census_captures.capture_id = observed_authors.capture_id
        and census_captures.account_key = observed_authors.account_key

),

-- 0.95: a timeline pulled from the API holds one author, and a few posts of others where a tool added what they replied
-- to; a search holds many. Between its first and last post a timeline is complete, outside it nothing is known.
other_windows as (

    select
        observed_authors.account_key,
        observed_authors.capture_id,
        case
            -- nobody says whose posts these are: several accounts may lie together, and nothing is complete
            when observed_authors.account_key = {{ account_key('captures.platform', 'null', 'null') }} then 'sample'
            when observed_authors.record_count >= 0.95 * captures_counted.record_count then 'observed_span'
            else 'sample'
        end as basis,
        observed_authors.record_count,
        observed_authors.first_posted_at,
        observed_authors.last_posted_at,
        observed_authors.first_posted_at as covered_from_at,
        observed_authors.last_posted_at as covered_to_at,
        captures.is_owners_export

    from observed_authors

    inner join captures
        on observed_authors.capture_id = captures.capture_id

    inner join captures_counted
        on observed_authors.capture_id = captures_counted.capture_id

    left join census_captures
        on observed_authors.capture_id = census_captures.capture_id
        and observed_authors.account_key = census_captures.account_key

    where census_captures.capture_id is null

),

windows_unioned as (

    select * from census_windows
    union all
    select * from other_windows

),

windows_dated as (

    select
        windows_unioned.account_key,
        windows_unioned.capture_id,
        windows_unioned.basis,
        windows_unioned.record_count,
        windows_unioned.basis <> 'sample' and windows_unioned.is_owners_export as is_owners_export,
        case
            when windows_unioned.basis <> 'sample'
                then {{ local_date('windows_unioned.covered_from_at', 'study.reporting_timezone') }}
        end as covered_from,
        case
            when windows_unioned.basis <> 'sample'
                then {{ local_date('windows_unioned.covered_to_at', 'study.reporting_timezone') }}
        end as covered_to,
        windows_unioned.first_posted_at,
        windows_unioned.last_posted_at

    from windows_unioned

    cross join study

),

-- what tells whether the posts begin where the account began, or where a tool stopped: only the captures that reach
-- furthest back can be cut there
stated_of_owners as (

    select
        {{ account_key('platform', 'owner_account_id', 'owner_handle') }} as account_key,
        min({{ local_date('owner_created_at', "'UTC'") }}) as created_date,
        max(owner_post_count) as stated_post_count

    from captures

    where owner_account_id is not null or owner_handle is not null

    group by 1

),

posts_of_accounts as (

    select
        account_key,
        sum(kept_count) as post_count

    from observed_authors

    group by 1

),

windows_beginning as (

    select
        account_key,
        min(covered_from) as first_covered_date

    from windows_dated

    where basis <> 'sample'

    group by 1

),

caps_suspected as (

    select
        windows_dated.account_key,
        windows_beginning.first_covered_date,
        {{ suspected_cap(
            reaches_begin="bool_or(windows_dated.basis = 'census') or "
                ~ days_between('min(stated_of_owners.created_date)', 'min(windows_beginning.first_covered_date)') ~ " <= 92",
            near="bool_or(windows_dated.record_count between 3000 and 3250)"
                ~ " or max(posts_of_accounts.post_count) between 3000 and 3250",
            is_round="bool_or(windows_dated.record_count >= 100 and windows_dated.record_count % 100 = 0)"
                ~ " or max(posts_of_accounts.post_count) >= 100 and max(posts_of_accounts.post_count) % 100 = 0",
            held="max(posts_of_accounts.post_count)",
            stated="max(stated_of_owners.stated_post_count)",
            created="min(stated_of_owners.created_date)",
        ) }} as suspected_cap,
        min(stated_of_owners.created_date) as created_date,
        max(stated_of_owners.stated_post_count) as stated_post_count

    from windows_dated

    inner join windows_beginning
        on windows_dated.account_key = windows_beginning.account_key
        and windows_dated.covered_from = windows_beginning.first_covered_date

    inner join posts_of_accounts
        on windows_dated.account_key = posts_of_accounts.account_key

    left join stated_of_owners
        on windows_dated.account_key = stated_of_owners.account_key

    where windows_dated.basis <> 'sample'

    group by windows_dated.account_key, windows_beginning.first_covered_date

),

windows_judged as (

    select
        windows_dated.*,
        caps_suspected.created_date,
        caps_suspected.stated_post_count,
        caps_suspected.suspected_cap

    from windows_dated

    left join caps_suspected
        on windows_dated.account_key = caps_suspected.account_key
        and windows_dated.covered_from = caps_suspected.first_covered_date
        and windows_dated.basis <> 'sample'

)

select * from windows_judged
order by account_key, capture_id
