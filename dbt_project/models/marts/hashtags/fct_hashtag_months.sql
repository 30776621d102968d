with

post_hashtags as (

    select * from {{ ref('fct_post_hashtags') }}

),

account_months as (

    select * from {{ ref('int_accounts__coverage_months') }}

),

hashtags_counted as (

    select
        account_key,
        {{ month_of('posted_date') }} as posted_month,
        hashtag,
        count(*) as post_count,
        cast(sum(case when is_repost then 0 else 1 end) as bigint) as own_post_count,
        cast(sum(occurrence_count) as bigint) as occurrence_count

    from post_hashtags

    group by 1, 2, 3

),

hashtags_with_coverage as (

    select
        hashtags_counted.account_key,
        hashtags_counted.posted_month,
        hashtags_counted.hashtag,
        hashtags_counted.post_count,
        hashtags_counted.own_post_count,
        hashtags_counted.occurrence_count,
        account_months.covered_days,
        account_months.calendar_days,
        account_months.coverage_share,
        account_months.coverage_status

    from hashtags_counted

    inner join account_months
        on hashtags_counted.account_key = account_months.account_key
        and hashtags_counted.posted_month = account_months.posted_month

)

select * from hashtags_with_coverage
order by account_key, posted_month, hashtag
