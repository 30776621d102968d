with

post_hashtags as (

    select * from {{ ref('fct_post_hashtags') }}

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
        hashtags_counted.hashtag,
        spellings_ranked.hashtag_as_written as display_form,
        hashtags_counted.post_count,
        hashtags_counted.own_post_count,
        hashtags_counted.occurrence_count,
        hashtags_counted.spelling_count,
        hashtags_counted.first_posted_date,
        hashtags_counted.last_posted_date

    from hashtags_counted

    inner join spellings_ranked
        on hashtags_counted.hashtag = spellings_ranked.hashtag
        and spellings_ranked.spelling_rank = 1

)

select * from hashtags_described
order by hashtag
