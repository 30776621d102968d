with

-- Reads `fct_posts`, the one copy of the kept posts (docs/decisions/0009), and of it only numbers until it is known which
-- posts are looked at: a million posts of an archive, which marks its entities itself, cost nothing here.
post_numbers as (

    select
        post_key,
        capture_id,
        record_no,
        hashtag_count is null as lacks_hashtags,
        mention_count is null as lacks_mentions

    from {{ ref('int_posts__kept') }}

),

capture_sizes as (

    select
        capture_id,
        count(*) as post_count

    from {{ ref('int_posts__kept') }}

    group by 1

),

-- Every post whose source leaves a list out. Of the others every so many, 500 to 1,000 per capture, to compare what the
-- text shows with what the source marked: by position in the capture, so that the same posts are taken in every build.
posts_taken as (

    select
        post_numbers.post_key,
        not (post_numbers.lacks_hashtags or post_numbers.lacks_mentions) as is_comparison

    from post_numbers

    inner join capture_sizes
        on post_numbers.capture_id = capture_sizes.capture_id

    where post_numbers.lacks_hashtags
        or post_numbers.lacks_mentions
        or post_numbers.record_no % (1 + capture_sizes.post_count // 1000) = 0

),

texts as (

    select
        post_key,
        case when text_is_complete then text else {{ without_cut_word('text') }} end as text

    from {{ ref('int_posts__kept') }}

),

texts_without_urls as (

    select
        posts_taken.post_key,
        posts_taken.is_comparison,
        {{ hide_urls('texts.text') }} as visible_text

    from posts_taken

    inner join texts
        on posts_taken.post_key = texts.post_key

),

entities_found as (

    select
        post_key,
        {{ hashtags_in('visible_text') }} as hashtags,
        {{ mentions_in('visible_text') }} as mentions,
        is_comparison

    from texts_without_urls

)

select * from entities_found
order by post_key
