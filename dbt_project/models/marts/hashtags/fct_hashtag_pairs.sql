with

post_hashtags as (

    select * from {{ ref('fct_post_hashtags') }}

),

pairs_counted as (

    select
        left_hashtags.account_key,
        left_hashtags.hashtag,
        right_hashtags.hashtag as other_hashtag,
        count(*) as post_count,
        cast(sum(case when left_hashtags.is_repost then 0 else 1 end) as bigint) as own_post_count

    from post_hashtags as left_hashtags

    inner join post_hashtags as right_hashtags
        on left_hashtags.post_key = right_hashtags.post_key
        and left_hashtags.hashtag < right_hashtags.hashtag

    group by 1, 2, 3

)

select * from pairs_counted
order by account_key, hashtag, other_hashtag
