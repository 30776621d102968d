-- A view: its rows are written once, in the published file (docs/decisions/0026).
{{ config(materialized='view') }}

with

posts as (

    select * from {{ ref('fct_posts') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}
    where {{ has_rows_of_its_own() }}

),

targets as (

    select account_key, handle from {{ ref('dim_accounts') }}
    where is_registered

),

themes as (

    select * from {{ ref('dim_themes') }}

),

-- Grouped and joined by the day, too: the table is published a span of days at a time, and the days reach down to here.
hashtags_of_posts as (

    select
        post_key,
        posted_date,
        {{ texts_collected('hashtag') }} as hashtags_used

    from {{ ref('fct_post_hashtags') }}

    group by post_key, posted_date

),

themes_of_posts as (

    select
        post_themes.post_key,
        post_themes.posted_date,
        {{ texts_collected('themes.theme_name') }} as theme_names,
        {{ texts_collected('post_themes.theme_code') }} as theme_codes,
        -- the least that is true of all of them
        case
            when bool_or(themes.validation_state = 'unvalidated') then 'unvalidated'
            when bool_or(themes.validation_state = 'weak') then 'weak'
            else 'usable'
        end as validation_state

    from {{ ref('fct_post_themes') }} as post_themes

    inner join themes
        on post_themes.theme_code = themes.theme_code
        and post_themes.codebook_version = themes.codebook_version

    where post_themes.is_direct

    group by post_themes.post_key, post_themes.posted_date

),

-- one row per post and other account, however often and in which ways it is named
others_of_posts as (

    select distinct
        post_key,
        posted_date,
        target_account_key

    from {{ ref('fct_interactions') }}

    where not is_self

),

partners_of_posts as (

    select
        others_of_posts.post_key,
        others_of_posts.posted_date,
        {{ texts_collected('targets.handle') }} as partners,
        -- a private person is never shown, only counted
        count(*) filter (where targets.account_key is null) as unregistered_account_count

    from others_of_posts

    left join targets
        on others_of_posts.target_account_key = targets.account_key

    group by others_of_posts.post_key, others_of_posts.posted_date

),

engagement as (

    select * from {{ ref('fct_post_engagement') }}
    where is_latest

),

account_months as (

    select
        account_key,
        posted_month,
        max(coverage_status) as coverage_status

    from {{ ref('fct_post_volume') }}

    group by account_key, posted_month

),

posts_widened as (

    select
        posts.post_key,
        posts.post_id,
        posts.account_key,
        posts.platform,
        accounts.handle,
        accounts.organisation_name,
        accounts.org_type,
        posts.kind,
        posts.language,
        -- the words of a repost are another's
        case when posts.is_own then posts.text end as text,
        hashtags_of_posts.hashtags_used,
        themes_of_posts.theme_names,
        themes_of_posts.theme_codes,
        themes_of_posts.validation_state,
        partners_of_posts.partners,
        account_months.coverage_status,
        engagement.like_count,
        engagement.repost_count,
        engagement.reply_count,
        engagement.quote_count,
        engagement.impression_count,
        coalesce(partners_of_posts.unregistered_account_count, 0) as unregistered_account_count,
        posts.link_count,
        posts.media_count,
        cast(extract(year from posts.posted_date) as integer) as posted_year,
        posts.is_own,
        posts.text_is_complete,
        posts.posted_date,
        posts.posted_month,
        posts.posted_at,
        engagement.observed_at

    from posts

    inner join accounts
        on posts.account_key = accounts.account_key

    left join account_months
        on posts.account_key = account_months.account_key
        and posts.posted_month = account_months.posted_month

    left join engagement
        on posts.post_key = engagement.post_key

    left join hashtags_of_posts
        on posts.post_key = hashtags_of_posts.post_key
        and posts.posted_date = hashtags_of_posts.posted_date

    left join themes_of_posts
        on posts.post_key = themes_of_posts.post_key
        and posts.posted_date = themes_of_posts.posted_date

    left join partners_of_posts
        on posts.post_key = partners_of_posts.post_key
        and posts.posted_date = partners_of_posts.posted_date

)

select * from posts_widened
order by posted_at, post_key
