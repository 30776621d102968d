with

post_hashtags as (

    select * from {{ ref('fct_post_hashtags') }}

),

others as (

    select
        hashtag,
        cast(sum(own_post_count) as bigint) as others_own_post_count

    from {{ ref('fct_others_hashtag_years') }}

    group by 1

),

spellings_counted as (

    select
        hashtag,
        hashtag_as_written,
        count(*) as post_count

    from post_hashtags

    group by 1, 2

),

spellings_ranked as (

    select
        hashtag,
        hashtag_as_written,
        row_number() over (
            partition by hashtag
            order by post_count desc, hashtag_as_written
        ) as spelling_rank

    from spellings_counted

),

hashtags_counted as (

    select
        hashtag,
        count(*) as post_count,
        cast(sum(case when is_repost then 0 else 1 end) as bigint) as own_post_count,
        cast(sum(occurrence_count) as bigint) as occurrence_count,
        count(distinct hashtag_as_written) as spelling_count,
        min(posted_date) as first_posted_date,
        max(posted_date) as last_posted_date

    from post_hashtags

    group by 1

),

hashtags_described as (

    select
        coalesce(hashtags_counted.hashtag, others.hashtag) as hashtag,
        coalesce(spellings_ranked.hashtag_as_written, others.hashtag) as display_form,
        coalesce(hashtags_counted.post_count, 0) as post_count,
        coalesce(hashtags_counted.own_post_count, 0) as own_post_count,
        others.others_own_post_count,
        coalesce(hashtags_counted.occurrence_count, 0) as occurrence_count,
        coalesce(hashtags_counted.spelling_count, 0) as spelling_count,
        hashtags_counted.first_posted_date,
        hashtags_counted.last_posted_date

    from hashtags_counted

    full outer join others
        on hashtags_counted.hashtag = others.hashtag

    left join spellings_ranked
        on hashtags_counted.hashtag = spellings_ranked.hashtag
        and spellings_ranked.spelling_rank = 1

)

select * from hashtags_described
order by hashtag
