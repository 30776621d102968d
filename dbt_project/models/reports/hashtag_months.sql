with

months as (

    select * from {{ ref('fct_hashtag_months') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}
    where {{ has_rows_of_its_own() }}

),

hashtags as (

    select * from {{ ref('dim_hashtags') }}

),

hashtag_months as (

    select
        months.account_key,
        accounts.platform,
        accounts.handle,
        accounts.organisation_name,
        months.hashtag,
        hashtags.display_form,
        months.coverage_status,
        cast(extract(year from months.posted_month) as integer) as posted_year,
        months.post_count,
        months.own_post_count,
        months.covered_days,
        months.calendar_days,
        months.coverage_share,
        months.posted_month

    from months

    inner join accounts
        on months.account_key = accounts.account_key

    inner join hashtags
        on months.hashtag = hashtags.hashtag

)

select * from hashtag_months
order by account_key, posted_month, hashtag
