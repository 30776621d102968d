with

accounts as (

    select * from {{ ref('dim_accounts') }}
    -- of others themes are known together only: a zero would say that they have none
    where is_registered

),

-- counts of likes stand for a post as it was last seen; reposts have none, theirs are the original author's
engagement as (

    select
        post_key,
        like_count,
        repost_count

    from {{ ref('fct_post_engagement') }}

    where is_latest

),

posts as (

    select
        posts.post_key,
        posts.account_key,
        cast(extract(year from posts.posted_date) as integer) as posted_year,
        engagement.like_count,
        engagement.repost_count

    from {{ ref('fct_posts') }} as posts

    inner join accounts
        on posts.account_key = accounts.account_key

    left join engagement
        on posts.post_key = engagement.post_key

    where posts.is_own

),

post_themes as (

    select
        post_key,
        theme_code

    from {{ ref('fct_post_themes') }}

    where not is_repost

),

themes as (

    select * from {{ ref('dim_themes') }}

),

coverage as (

    select * from {{ ref('rpt_volume_years') }}

),

posts_with_themes as (

    select
        post_themes.theme_code,
        posts.*

    from posts

    inner join post_themes
        on posts.post_key = post_themes.post_key

    union all

    select
        '(all posts)' as theme_code,
        posts.*

    from posts

    union all

    select
        '(no theme)' as theme_code,
        posts.*

    from posts

    where post_key not in (select post_key from post_themes)

),

-- medians do not add up, so every total is counted from the posts
cells_counted as (

    select
        theme_code,
        account_key,
        posted_year,
        count(*) as own_post_count,
        count(like_count) as liked_post_count,
        cast(sum(like_count) as bigint) as like_count,
        median(like_count) as median_like_count,
        cast(sum(repost_count) as bigint) as repost_count,
        median(repost_count) as median_repost_count

    from posts_with_themes

    group by grouping sets ((theme_code, account_key, posted_year), (theme_code, account_key), (theme_code, posted_year), (theme_code))

),

cells_named as (

    select
        coalesce(cells_counted.account_key, 'all') as account_key,
        accounts.handle,
        coalesce(cast(cells_counted.posted_year as varchar), 'all') as period,
        cells_counted.theme_code,
        coalesce(themes.theme_name, case
            when cells_counted.theme_code = '(all posts)' then 'All posts'
            else 'Posts that no rule of the codebook touches'
        end) as theme_name,
        themes.facet,
        coalesce(themes.validation_state, 'unvalidated') as validation_state,
        coverage.coverage_status,
        cells_counted.own_post_count,
        max(case when cells_counted.theme_code = '(all posts)' then cells_counted.own_post_count end) over (
            partition by cells_counted.account_key, cells_counted.posted_year
        ) as all_own_post_count,
        cells_counted.liked_post_count,
        cells_counted.like_count,
        cells_counted.repost_count,
        cells_counted.median_like_count,
        cells_counted.median_repost_count,
        coverage.coverage_share

    from cells_counted

    left join accounts
        on cells_counted.account_key = accounts.account_key

    left join themes
        on cells_counted.theme_code = themes.theme_code

    left join coverage
        on cells_counted.account_key = coverage.account_key
        and cells_counted.posted_year = coverage.posted_year

),

crosstab as (

    select
        account_key,
        handle,
        period,
        theme_code,
        theme_name,
        facet,
        validation_state,
        coverage_status,
        own_post_count,
        all_own_post_count,
        liked_post_count,
        like_count,
        repost_count,
        own_post_count / cast(all_own_post_count as double) as share_of_own_posts,
        median_like_count,
        median_repost_count,
        coverage_share

    from cells_named

)

select * from crosstab
order by account_key, period, theme_code
