with

account_months as (

    select * from {{ ref('int_accounts__coverage_months') }}

),

posts as (

    select * from {{ ref('int_posts__kept') }}

),

accounts as (

    select account_key from {{ ref('dim_accounts') }}
    -- all others together: `fct_others_months`
    where {{ has_rows_of_its_own() }}

),

kinds as (

    {% for kind in post_kinds() -%}
    select '{{ kind }}' as kind
    {% if not loop.last %}union all
    {% endif -%}
    {% endfor %}
),

posts_counted as (

    select
        account_key,
        posted_month,
        kind,
        count(*) as post_count

    from posts

    group by 1, 2, 3

),

volume_by_kind as (

    select
        account_months.account_key,
        account_months.posted_month,
        kinds.kind,
        case
            when account_months.coverage_status in ('observed', 'partial') then coalesce(posts_counted.post_count, 0)
            -- nobody looked: what is not there is unknown, not zero
            else posts_counted.post_count
        end as post_count,
        account_months.covered_days,
        account_months.calendar_days,
        account_months.coverage_share,
        account_months.coverage_status,
        account_months.suspected_cap,
        account_months.reporting_timezone

    from account_months

    inner join accounts
        on account_months.account_key = accounts.account_key

    cross join kinds

    left join posts_counted
        on account_months.account_key = posts_counted.account_key
        and account_months.posted_month = posts_counted.posted_month
        and kinds.kind = posts_counted.kind

    where account_months.coverage_status <> 'sample'
        or posts_counted.post_count is not null

)

select * from volume_by_kind
order by account_key, posted_month, kind
