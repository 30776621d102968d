with

volume as (

    select * from {{ ref('fct_post_volume') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

-- coverage stands beside every kind of a month: take it once
account_months as (

    select
        account_key,
        posted_month,
        max(covered_days) as covered_days,
        max(coverage_status) as coverage_status,
        max(suspected_cap) as suspected_cap,
        sum(post_count) as post_count

    from volume

    group by account_key, posted_month

),

coverage_by_year as (

    select
        account_key,
        cast(extract(year from posted_month) as integer) as posted_year,
        cast(sum(covered_days) as bigint) as covered_days,
        -- of the whole year: the table begins and ends with the data or the study's window, and half a year is half
        cast({{ days_in_year('cast(extract(year from posted_month) as integer)') }} as bigint) as calendar_days,
        count(*) filter (where post_count > 0) as active_month_count,
        count(*) filter (where coverage_status = 'observed') as observed_month_count,
        bool_or(coverage_status = 'sample') as is_sample,
        max(suspected_cap) as suspected_cap

    from account_months

    group by account_key, cast(extract(year from posted_month) as integer)

),

posts_by_year as (

    select
        account_key,
        cast(extract(year from posted_month) as integer) as posted_year,
        cast(sum(post_count) as bigint) as post_count,
        cast(sum(post_count) filter (where kind <> 'repost') as bigint) as own_post_count,
        cast(sum(post_count) filter (where kind = 'original') as bigint) as original_count,
        cast(sum(post_count) filter (where kind = 'reply') as bigint) as reply_count,
        cast(sum(post_count) filter (where kind = 'self_reply') as bigint) as self_reply_count,
        cast(sum(post_count) filter (where kind = 'quote') as bigint) as quote_count,
        cast(sum(post_count) filter (where kind = 'repost') as bigint) as repost_count

    from volume

    group by account_key, cast(extract(year from posted_month) as integer)

),

years as (

    select
        posts_by_year.account_key,
        accounts.handle,
        posts_by_year.posted_year,
        posts_by_year.post_count,
        posts_by_year.own_post_count,
        posts_by_year.original_count,
        posts_by_year.reply_count,
        posts_by_year.self_reply_count,
        posts_by_year.quote_count,
        posts_by_year.repost_count,
        coverage_by_year.active_month_count,
        coverage_by_year.observed_month_count,
        coverage_by_year.covered_days,
        coverage_by_year.calendar_days,
        case
            when not coverage_by_year.is_sample
                then coverage_by_year.covered_days / cast(coverage_by_year.calendar_days as double)
        end as coverage_share,
        case
            when coverage_by_year.is_sample then 'sample'
            when coverage_by_year.covered_days = 0 then 'missing'
            when coverage_by_year.covered_days = coverage_by_year.calendar_days then 'observed'
            else 'partial'
        end as coverage_status,
        coverage_by_year.suspected_cap

    from posts_by_year

    inner join coverage_by_year
        on posts_by_year.account_key = coverage_by_year.account_key
        and posts_by_year.posted_year = coverage_by_year.posted_year

    inner join accounts
        on posts_by_year.account_key = accounts.account_key

    where {{ has_rows_of_its_own('accounts') }}

)

select * from years
order by account_key, posted_year
