with

marked_posts as (

    select
        post_key,
        account_key,
        posted_at,
        posted_date,
        kind,
        is_repost,
        hashtags,
        'export' as entity_source

    from {{ ref('int_posts__kept') }}

    where hashtag_count > 0

),

unmarked_posts as (

    select * from {{ ref('int_posts__kept') }}
    where hashtag_count is null

),

text_entities as (

    select * from {{ ref('int_posts__text_entities') }}

),

-- what a source marks is taken as it is; only where it marks nothing does the text speak
posts as (

    select * from marked_posts

    union all

    select
        unmarked_posts.post_key,
        unmarked_posts.account_key,
        unmarked_posts.posted_at,
        unmarked_posts.posted_date,
        unmarked_posts.kind,
        unmarked_posts.is_repost,
        text_entities.hashtags,
        'text' as entity_source

    from unmarked_posts

    inner join text_entities
        on unmarked_posts.post_key = text_entities.post_key

),

hashtags_unnested as (

    select
        post_key,
        account_key,
        posted_at,
        posted_date,
        kind,
        is_repost,
        entity_source,
        unnest(hashtags) as hashtag_entity

    from posts

),

-- a number that somebody wrote behind a sign (`#wa0812…`) is one in the text, too
hashtags_without_numbers as (

    select
        * exclude (hashtag_entity),
        {{ without_personal_data_if_any('hashtag_entity.tag') }} as hashtag_as_written

    from hashtags_unnested

),

hashtags_folded as (

    select
        post_key,
        account_key,
        posted_at,
        posted_date,
        kind,
        is_repost,
        entity_source,
        {{ fold('hashtag_as_written') }} as hashtag,
        hashtag_as_written

    from hashtags_without_numbers

    where hashtag_as_written <> ''

),

-- once per post, however often it was written
hashtags_of_posts as (

    select
        post_key,
        hashtag,
        min(hashtag_as_written) as hashtag_as_written,
        account_key,
        kind,
        entity_source,
        count(*) as occurrence_count,
        is_repost,
        posted_date,
        posted_at

    from hashtags_folded

    group by post_key, hashtag, account_key, kind, entity_source, is_repost, posted_date, posted_at

)

select * from hashtags_of_posts
order by posted_at, post_key, hashtag
