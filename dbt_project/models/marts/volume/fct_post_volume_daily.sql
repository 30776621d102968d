with

covered_days as (

    select * from {{ ref('int_accounts__covered_days') }}

),

posts as (

    select * from {{ ref('int_posts__kept') }}

),

accounts as (

    select account_key from {{ ref('dim_accounts') }}
    -- all others together: `fct_others_months`
    where {{ has_rows_of_its_own() }}

),

study as (

    select reporting_timezone from {{ ref('int_studies__selected') }}

),

posts_counted as (

    select
        account_key,
        posted_date,
        count(*) as post_count,
        {% for kind in post_kinds() -%}
        sum(case when kind = '{{ kind }}' then 1 else 0 end) as {{ kind }}_post_count{{ ',' if not loop.last }}
        {% endfor %}
    from posts

    group by 1, 2

),

account_days as (

    select
        account_key,
        covered_date as posted_date

    from covered_days

    union

    select
        account_key,
        posted_date

    from posts_counted

),

volume_by_day as (

    select
        account_days.account_key,
        account_days.posted_date,
        coalesce(posts_counted.post_count, 0) as post_count,
        {% for kind in post_kinds() -%}
        cast(coalesce(posts_counted.{{ kind }}_post_count, 0) as bigint) as {{ kind }}_post_count,
        {% endfor -%}
        covered_days.covered_date is not null as is_covered,
        study.reporting_timezone

    from account_days

    inner join accounts
        on account_days.account_key = accounts.account_key

    left join posts_counted
        on account_days.account_key = posts_counted.account_key
        and account_days.posted_date = posts_counted.posted_date

    left join covered_days
        on account_days.account_key = covered_days.account_key
        and account_days.posted_date = covered_days.covered_date

    cross join study

)

select * from volume_by_day
order by account_key, posted_date
