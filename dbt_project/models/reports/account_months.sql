with

volume as (

    select * from {{ ref('fct_post_volume') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}
    where {{ has_rows_of_its_own() }}

),

dates as (

    select * from {{ ref('dim_dates') }}
    where day_of_month = 1

),

months_counted as (

    select
        account_key,
        posted_month,
        cast(sum(post_count) as bigint) as post_count,
        cast(sum(post_count) filter (where kind <> 'repost') as bigint) as own_post_count,
        cast(sum(post_count) filter (where kind = 'original') as bigint) as original_post_count,
        cast(sum(post_count) filter (where kind = 'reply') as bigint) as reply_post_count,
        cast(sum(post_count) filter (where kind = 'self_reply') as bigint) as self_reply_post_count,
        cast(sum(post_count) filter (where kind = 'quote') as bigint) as quote_post_count,
        cast(sum(post_count) filter (where kind = 'repost') as bigint) as repost_post_count,
        max(covered_days) as covered_days,
        max(calendar_days) as calendar_days,
        max(coverage_share) as coverage_share,
        max(coverage_status) as coverage_status,
        max(reporting_timezone) as reporting_timezone

    from volume

    group by account_key, posted_month

),

days_counted as (

    select
        account_key,
        {{ month_of('posted_date') }} as posted_month,
        count(*) as active_day_count

    from {{ ref('fct_post_volume_daily') }}

    where post_count > 0

    group by 1, 2

),

hashtags_counted as (

    select
        account_key,
        {{ month_of('posted_date') }} as posted_month,
        count(distinct post_key) as hashtag_post_count

    from {{ ref('fct_post_hashtags') }}

    where not is_repost

    group by 1, 2

),

themes_counted as (

    select
        account_key,
        {{ month_of('posted_date') }} as posted_month,
        count(distinct post_key) as theme_post_count

    from {{ ref('fct_post_themes') }}

    where not is_repost

    group by 1, 2

),

engagement as (

    select * from {{ ref('fct_post_engagement') }}
    where is_latest

),

-- likes are a number only where somebody looked: how many posts that were stands beside the sum
engagement_counted as (

    select
        posts.account_key,
        posts.posted_month,
        count(engagement.like_count) as liked_post_count,
        cast(sum(engagement.like_count) as bigint) as like_count,
        count(engagement.like_count + engagement.repost_count) as engaged_post_count,
        cast(sum(engagement.like_count + engagement.repost_count) as bigint) as engagement_count

    from {{ ref('fct_posts') }} as posts

    inner join engagement
        on posts.post_key = engagement.post_key

    where posts.is_own

    group by posts.account_key, posts.posted_month

),

partners_counted as (

    select * from {{ ref('fct_partner_months') }}

),

account_months as (

    select
        months_counted.account_key,
        accounts.platform,
        accounts.handle,
        accounts.organisation_name,
        accounts.org_type,
        dates.month_name_en,
        dates.month_name_id,
        months_counted.coverage_status,
        months_counted.reporting_timezone,
        cast(extract(year from months_counted.posted_month) as integer) as posted_year,
        months_counted.post_count,
        months_counted.own_post_count,
        months_counted.original_post_count,
        months_counted.reply_post_count,
        months_counted.self_reply_post_count,
        months_counted.quote_post_count,
        months_counted.repost_post_count,
        -- zero inside coverage, null outside it, like the counts of posts
        case when months_counted.post_count is not null then coalesce(days_counted.active_day_count, 0) end
            as active_day_count,
        case when months_counted.post_count is not null then coalesce(hashtags_counted.hashtag_post_count, 0) end
            as hashtag_post_count,
        case when months_counted.post_count is not null then coalesce(themes_counted.theme_post_count, 0) end
            as theme_post_count,
        partners_counted.partner_post_count,
        case when months_counted.post_count is not null then coalesce(engagement_counted.liked_post_count, 0) end
            as liked_post_count,
        engagement_counted.like_count,
        case when months_counted.post_count is not null then coalesce(engagement_counted.engaged_post_count, 0) end
            as engaged_post_count,
        engagement_counted.engagement_count,
        months_counted.covered_days,
        months_counted.calendar_days,
        months_counted.post_count / cast(nullif(days_counted.active_day_count, 0) as double) as posts_per_active_day,
        months_counted.original_post_count / cast(nullif(months_counted.post_count, 0) as double) as share_of_originals,
        partners_counted.share_with_partner,
        months_counted.coverage_share,
        months_counted.posted_month

    from months_counted

    inner join accounts
        on months_counted.account_key = accounts.account_key

    inner join dates
        on months_counted.posted_month = dates.calendar_date

    left join days_counted
        on months_counted.account_key = days_counted.account_key
        and months_counted.posted_month = days_counted.posted_month

    left join hashtags_counted
        on months_counted.account_key = hashtags_counted.account_key
        and months_counted.posted_month = hashtags_counted.posted_month

    left join themes_counted
        on months_counted.account_key = themes_counted.account_key
        and months_counted.posted_month = themes_counted.posted_month

    left join engagement_counted
        on months_counted.account_key = engagement_counted.account_key
        and months_counted.posted_month = engagement_counted.posted_month

    left join partners_counted
        on months_counted.account_key = partners_counted.account_key
        and months_counted.posted_month = partners_counted.posted_month

)

select * from account_months
order by account_key, posted_month
