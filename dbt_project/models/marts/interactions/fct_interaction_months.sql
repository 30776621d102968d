with

interactions as (

    select * from {{ ref('int_posts__interactions') }}
    where {{ is_of_the_account() }}

),

account_months as (

    select * from {{ ref('int_accounts__coverage_months') }}

),

accounts as (

    select
        account_key,
        is_registered

    from {{ ref('dim_accounts') }}

    -- all others are one target, and have no rows of their own
    where {{ has_rows_of_its_own() }}

),

interactions_counted as (

    select
        interactions.account_key,
        accounts.is_registered,
        {{ month_of('interactions.posted_date') }} as posted_month,
        coalesce(targets.account_key, 'others') as target_account_key,
        interactions.kind,
        interactions.is_self,
        count(*) as post_count,
        min(interactions.posted_date) as first_posted_date,
        min(interactions.posted_at) as first_posted_at

    from interactions

    inner join accounts
        on interactions.account_key = accounts.account_key

    left join accounts as targets
        on interactions.target_account_key = targets.account_key

    group by 1, 2, 3, 4, 5, 6

),

interactions_with_coverage as (

    select
        interactions_counted.account_key,
        interactions_counted.posted_month,
        interactions_counted.target_account_key,
        interactions_counted.kind,
        interactions_counted.post_count,
        account_months.covered_days,
        account_months.calendar_days,
        account_months.coverage_share,
        account_months.coverage_status,
        interactions_counted.is_self,
        {{ shown_time('interactions_counted.first_posted_at', 'interactions_counted.first_posted_date', 'interactions_counted.is_registered') }}
            as first_posted_at

    from interactions_counted

    inner join account_months
        on interactions_counted.account_key = account_months.account_key
        and interactions_counted.posted_month = account_months.posted_month

)

select * from interactions_with_coverage
order by account_key, posted_month, target_account_key, kind
