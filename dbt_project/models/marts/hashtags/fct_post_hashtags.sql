with

posts as (

    select
        post_key,
        account_key,
        posted_at,
        posted_date,
        kind,
        is_repost,
        hashtags

    from {{ ref('fct_posts') }}

    where hashtag_count > 0

),

hashtags_unnested as (

    select
        post_key,
        account_key,
        posted_at,
        posted_date,
        kind,
        is_repost,
        unnest(hashtags) as hashtag_entity

    from posts

),

hashtags_folded as (

    select
        post_key,
        account_key,
        posted_at,
        posted_date,
        kind,
        is_repost,
        {{ fold('hashtag_entity.tag') }} as hashtag,
        hashtag_entity.tag as hashtag_as_written

    from hashtags_unnested

    where hashtag_entity.tag <> ''

),

-- once per post, however often it was written
hashtags_of_posts as (

    select
        post_key,
        hashtag,
        min(hashtag_as_written) as hashtag_as_written,
        account_key,
        kind,
        count(*) as occurrence_count,
        is_repost,
        posted_date,
        posted_at

    from hashtags_folded

    group by post_key, hashtag, account_key, kind, is_repost, posted_date, posted_at

)

select * from hashtags_of_posts
order by posted_at, post_key, hashtag
