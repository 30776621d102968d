with

coverage as (

    select * from {{ ref('int_accounts__coverage_months') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

-- accounts that may be shown by name; of others, marts hold what there is under a key
account_coverage as (

    select
        coverage.account_key,
        accounts.handle,
        coverage.coverage_status,
        coverage.suspected_cap,
        coverage.reporting_timezone,
        coverage.post_count,
        coverage.covered_days,
        coverage.calendar_days,
        coverage.coverage_share,
        coverage.posted_month

    from coverage

    inner join accounts
        on coverage.account_key = accounts.account_key

    where {{ has_rows_of_its_own('accounts') }}

)

select * from account_coverage
order by account_key, posted_month
