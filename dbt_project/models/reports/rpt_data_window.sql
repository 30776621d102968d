with

accounts as (

    select * from {{ ref('dim_accounts') }}

),

posts as (

    select * from {{ ref('fct_posts') }}

),

volume as (

    select * from {{ ref('fct_post_volume') }}

),

posts_by_account as (

    select
        account_key,
        count(*) as post_count,
        count(*) filter (where is_own) as own_post_count,
        count(distinct capture_id) as capture_count,
        count(*) filter (where not text_is_complete) as incomplete_text_count,
        min(posted_at) as first_post_at,
        max(posted_at) as last_post_at

    from posts

    group by account_key

),

months_by_account as (

    select
        account_key,
        count(distinct posted_month) filter (where coverage_status = 'observed') as observed_month_count,
        count(distinct posted_month) filter (where coverage_status = 'partial') as partial_month_count,
        count(distinct posted_month) filter (where coverage_status = 'missing') as missing_month_count,
        count(distinct posted_month) filter (where coverage_status = 'sample') as sample_month_count,
        max(suspected_cap) as suspected_cap

    from volume

    group by account_key

),

windows as (

    select
        accounts.account_key,
        accounts.handle,
        accounts.organisation_name,
        posts_by_account.post_count,
        posts_by_account.own_post_count,
        posts_by_account.capture_count,
        posts_by_account.incomplete_text_count,
        coalesce(months_by_account.observed_month_count, 0) as observed_month_count,
        coalesce(months_by_account.partial_month_count, 0) as partial_month_count,
        coalesce(months_by_account.missing_month_count, 0) as missing_month_count,
        coalesce(months_by_account.sample_month_count, 0) as sample_month_count,
        months_by_account.suspected_cap,
        posts_by_account.first_post_at,
        posts_by_account.last_post_at

    from accounts

    inner join posts_by_account
        on accounts.account_key = posts_by_account.account_key

    left join months_by_account
        on accounts.account_key = months_by_account.account_key

    where {{ has_rows_of_its_own('accounts') }}

)

select * from windows
order by account_key
