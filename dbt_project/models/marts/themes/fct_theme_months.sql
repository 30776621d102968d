with

post_themes as (

    select * from {{ ref('fct_post_themes') }}

),

themes as (

    select
        theme_code,
        codebook_version,
        validation_state

    from {{ ref('dim_themes') }}

),

volume as (

    select * from {{ ref('fct_post_volume') }}

),

-- coverage and the denominators stand beside every kind of a month: take them once
account_months as (

    {{ months_of_volume('volume') }}

),

themes_counted as (

    select
        account_key,
        {{ month_of('posted_date') }} as posted_month,
        theme_code,
        codebook_version,
        count(*) as post_count,
        count(*) filter (where not is_repost) as own_post_count

    from post_themes

    group by account_key, {{ month_of('posted_date') }}, theme_code, codebook_version

),

theme_months as (

    select
        themes_counted.account_key,
        themes_counted.theme_code,
        themes_counted.codebook_version,
        themes.validation_state,
        account_months.coverage_status,
        account_months.reporting_timezone,
        themes_counted.post_count,
        themes_counted.own_post_count,
        account_months.posts_of_month,
        account_months.own_posts_of_month,
        themes_counted.post_count / cast(nullif(account_months.posts_of_month, 0) as double) as share_of_posts,
        themes_counted.own_post_count / cast(nullif(account_months.own_posts_of_month, 0) as double)
            as share_of_own_posts,
        account_months.covered_days,
        account_months.calendar_days,
        account_months.coverage_share,
        themes_counted.posted_month

    from themes_counted

    inner join themes
        on themes_counted.theme_code = themes.theme_code
        and themes_counted.codebook_version = themes.codebook_version

    inner join account_months
        on themes_counted.account_key = account_months.account_key
        and themes_counted.posted_month = account_months.posted_month

)

select * from theme_months
order by account_key, posted_month, theme_code
