with

hashtags as (

    select * from {{ ref('int_posts__hashtags') }}
    where not is_repost

),

others as (

    select
        account_key,
        platform

    from {{ ref('dim_accounts') }}

    where not {{ has_rows_of_its_own() }}

),

-- no total of a hashtag is published that holds more than the cells that are shown: none gives another away
hashtags_counted as (

    select
        others.platform,
        cast(extract(year from hashtags.posted_date) as integer) as posted_year,
        hashtags.hashtag,
        count(*) as own_post_count,
        count(distinct hashtags.account_key) as account_count

    from hashtags

    inner join others
        on hashtags.account_key = others.account_key

    group by 1, 2, 3

)

select
    platform,
    posted_year,
    hashtag,
    own_post_count,
    account_count,
    case when {{ is_small_cell('own_post_count', 'account_count') }} then 'small' else 'none' end as suppression

from hashtags_counted

order by platform, posted_year, hashtag
