with

covered_days as (

    select * from {{ ref('int_accounts__covered_days') }}

),

windows as (

    select * from {{ ref('int_accounts__coverage') }}

),

posts as (

    select * from {{ ref('int_posts__kept') }}

),

study as (

    select * from {{ ref('int_studies__selected') }}

),

covered_months as (

    select
        account_key,
        {{ month_of('covered_date') }} as posted_month,
        count(*) as covered_days

    from covered_days

    group by 1, 2

),

months_with_posts as (

    select
        account_key,
        posted_month,
        count(*) as post_count

    from posts

    group by 1, 2

),

covered_spans as (

    select
        account_key,
        min(posted_month) as first_covered_month,
        max(posted_month) as last_covered_month

    from covered_months

    group by 1

),

post_spans as (

    select
        account_key,
        min(posted_month) as first_post_month,
        max(posted_month) as last_post_month

    from months_with_posts

    group by 1

),

-- The calendar of an account with coverage runs over the study window, its own windows and its posts, without a gap.
calendar_spans as (

    select
        covered_spans.account_key,
        least(
            covered_spans.first_covered_month,
            post_spans.first_post_month,
            {{ month_of('study.window_from') }}
        ) as first_month,
        greatest(
            covered_spans.last_covered_month,
            post_spans.last_post_month,
            {{ month_of('study.window_to') }}
        ) as last_month

    from covered_spans

    left join post_spans
        on covered_spans.account_key = post_spans.account_key

    cross join study

),

calendar_unnested as (

    select
        account_key,
        unnest({{ date_list('first_month', 'last_month', 'month') }}) as month_start

    from calendar_spans

),

account_months as (

    select
        account_key,
        cast(month_start as date) as posted_month

    from calendar_unnested

    -- `union` drops the months that both sides know; an account without coverage has the months of its posts only
    union

    select
        account_key,
        posted_month

    from months_with_posts

),

account_months_measured as (

    select
        account_months.account_key,
        account_months.posted_month,
        cast({{ days_in_month('account_months.posted_month') }} as integer) as calendar_days,
        cast(coalesce(covered_months.covered_days, 0) as integer) as covered_days,
        coalesce(months_with_posts.post_count, 0) as post_count

    from account_months

    left join covered_months
        on account_months.account_key = covered_months.account_key
        and account_months.posted_month = covered_months.posted_month

    left join months_with_posts
        on account_months.account_key = months_with_posts.account_key
        and account_months.posted_month = months_with_posts.posted_month

),

caps_suspected as (

    select
        account_key,
        max(suspected_cap) as suspected_cap

    from windows

    group by 1

),

coverage_judged as (

    select
        account_months_measured.account_key,
        account_months_measured.posted_month,
        account_months_measured.post_count,
        account_months_measured.covered_days,
        account_months_measured.calendar_days,
        case
            when account_months_measured.covered_days = 0 and account_months_measured.post_count > 0 then null
            else account_months_measured.covered_days / cast(account_months_measured.calendar_days as double)
        end as coverage_share,
        case
            when account_months_measured.covered_days = account_months_measured.calendar_days then 'observed'
            when account_months_measured.covered_days > 0 then 'partial'
            when account_months_measured.post_count > 0 then 'sample'
            else 'missing'
        end as coverage_status,
        caps_suspected.suspected_cap,
        study.reporting_timezone

    from account_months_measured

    left join caps_suspected
        on account_months_measured.account_key = caps_suspected.account_key

    cross join study

)

select * from coverage_judged
order by account_key, posted_month
