with

post_hashtags as (

    select * from {{ ref('fct_post_hashtags') }}

),

hashtags as (

    select * from {{ ref('dim_hashtags') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

shown_accounts as (

    select account_key, handle
    from accounts
    where {{ has_rows_of_its_own() }}

),

by_year as (

    select
        post_hashtags.account_key,
        cast(extract(year from post_hashtags.posted_date) as varchar) as period,
        post_hashtags.hashtag,
        count(*) as post_count,
        count(*) filter (where not post_hashtags.is_repost) as own_post_count

    from post_hashtags

    inner join shown_accounts
        on post_hashtags.account_key = shown_accounts.account_key

    group by
        post_hashtags.account_key,
        cast(extract(year from post_hashtags.posted_date) as varchar),
        post_hashtags.hashtag

),

every_period as (

    select account_key, period, hashtag, post_count, own_post_count from by_year

    union all

    select
        account_key,
        'all' as period,
        hashtag,
        cast(sum(post_count) as bigint) as post_count,
        cast(sum(own_post_count) as bigint) as own_post_count

    from by_year

    group by account_key, hashtag

),

ranked as (

    select
        every_period.*,
        row_number() over (
            partition by every_period.account_key, every_period.period
            order by every_period.post_count desc, every_period.hashtag
        ) as hashtag_rank

    from every_period

),

top_hashtags as (

    select
        ranked.account_key,
        shown_accounts.handle,
        ranked.period,
        cast(ranked.hashtag_rank as bigint) as hashtag_rank,
        ranked.hashtag,
        hashtags.display_form,
        ranked.post_count,
        ranked.own_post_count

    from ranked

    inner join shown_accounts
        on ranked.account_key = shown_accounts.account_key

    inner join hashtags
        on ranked.hashtag = hashtags.hashtag

    -- 25: as many as the study family's tables show
    where ranked.hashtag_rank <= 25

)

select * from top_hashtags
order by account_key, period, hashtag_rank
