with

posts as (

    select * from {{ ref('fct_posts') }}
    where is_own

),

post_themes as (

    select * from {{ ref('fct_post_themes') }}
    where not is_repost

),

themes as (

    select * from {{ ref('dim_themes') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

coverage as (

    select * from {{ ref('rpt_volume_years') }}

),

posts_by_year as (

    select
        account_key,
        cast(extract(year from posted_date) as integer) as posted_year,
        count(*) as own_posts_of_year

    from posts

    group by account_key, cast(extract(year from posted_date) as integer)

),

themed_posts as (

    select distinct post_key
    from post_themes

),

relevant_posts as (

    -- the relevance question: posts that speak of trafficking or of migration at all
    select distinct post_key
    from post_themes
    where theme_code in ('TOP.TIP', 'TOP.MIG')

),

themes_by_year as (

    select
        account_key,
        cast(extract(year from posted_date) as integer) as posted_year,
        theme_code,
        count(distinct post_key) as own_post_count

    from post_themes

    group by account_key, cast(extract(year from posted_date) as integer), theme_code

),

posts_without as (

    select
        posts.account_key,
        cast(extract(year from posts.posted_date) as integer) as posted_year,
        count(*) filter (where themed_posts.post_key is null) as without_any_theme,
        count(*) filter (where relevant_posts.post_key is null) as without_relevant_topic

    from posts

    left join themed_posts
        on posts.post_key = themed_posts.post_key

    left join relevant_posts
        on posts.post_key = relevant_posts.post_key

    group by posts.account_key, cast(extract(year from posts.posted_date) as integer)

),

every_row as (

    select account_key, posted_year, theme_code, own_post_count from themes_by_year

    union all

    select account_key, posted_year, '(no theme)' as theme_code, without_any_theme as own_post_count
    from posts_without

    union all

    -- another study's codebook may not know these topics: then nothing is said of them
    select account_key, posted_year, '(no TOP.TIP or TOP.MIG)' as theme_code, without_relevant_topic as own_post_count
    from posts_without
    where exists (
        select 1 from themes
        where theme_code in ('TOP.TIP', 'TOP.MIG')
    )

),

theme_years as (

    select
        every_row.account_key,
        accounts.handle,
        every_row.posted_year,
        every_row.theme_code,
        coalesce(themes.theme_name, case
            when every_row.theme_code = '(no theme)' then 'Posts that no rule of the codebook touches'
            else 'Posts without a topic of trafficking or migration'
        end) as theme_name,
        themes.facet,
        -- the rows in brackets rest on every theme at once, which nobody codes
        coalesce(themes.validation_state, 'unvalidated') as validation_state,
        coverage.coverage_status,
        every_row.own_post_count,
        posts_by_year.own_posts_of_year,
        every_row.own_post_count / cast(nullif(posts_by_year.own_posts_of_year, 0) as double) as share_of_own_posts,
        coverage.coverage_share

    from every_row

    inner join posts_by_year
        on every_row.account_key = posts_by_year.account_key
        and every_row.posted_year = posts_by_year.posted_year

    inner join accounts
        on every_row.account_key = accounts.account_key

    inner join coverage
        on every_row.account_key = coverage.account_key
        and every_row.posted_year = coverage.posted_year

    left join themes
        on every_row.theme_code = themes.theme_code

    -- of others themes are known together only: no row would say that they have none
    where accounts.is_registered

)

select * from theme_years
order by account_key, posted_year, theme_code
