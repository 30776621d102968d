-- One row: whether the days add up to the posts.
with

daily as (

    select account_key, posted_date, post_count from marts.fct_post_volume_daily

),

counted as (

    select account_key, posted_date, count(*) as post_count
    from marts.fct_posts
    where posted_date is not null
    group by 1, 2

)

select
    'fct_post_volume_daily' as subject,
    count(*) filter (where coalesce(daily.post_count, 0) <> coalesce(counted.post_count, 0)) as daily_difference_count,
    coalesce(sum(daily.post_count), 0) as daily_post_count
from daily
full outer join counted on daily.account_key = counted.account_key and daily.posted_date = counted.posted_date
