with

theme_counts as (

    select * from {{ ref('fct_theme_months') }}

),

volume as (

    select * from {{ ref('fct_post_volume') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}
    -- of others themes are known together only: a zero would say that they have none
    where is_registered

),

themes as (

    select * from {{ ref('dim_themes') }}

),

months as (

    select
        account_key,
        posted_month,
        cast(sum(post_count) filter (where kind <> 'repost') as bigint) as own_posts_of_month,
        max(covered_days) as covered_days,
        max(calendar_days) as calendar_days,
        max(coverage_share) as coverage_share,
        max(coverage_status) as coverage_status

    from volume

    group by account_key, posted_month

),

-- a month without a theme is a zero that a line has to show: every theme in every month
theme_months as (

    select
        months.account_key,
        accounts.platform,
        accounts.handle,
        accounts.organisation_name,
        themes.theme_code,
        themes.theme_name,
        themes.theme_name_id,
        themes.facet,
        themes.codebook_version,
        themes.validation_state,
        months.coverage_status,
        cast(extract(year from months.posted_month) as integer) as posted_year,
        case when months.own_posts_of_month is not null then coalesce(theme_counts.own_post_count, 0) end
            as own_post_count,
        months.own_posts_of_month,
        case when months.own_posts_of_month > 0
            then coalesce(theme_counts.own_post_count, 0) / cast(months.own_posts_of_month as double) end
            as share_of_own_posts,
        months.covered_days,
        months.calendar_days,
        months.coverage_share,
        months.posted_month

    from months

    inner join accounts
        on months.account_key = accounts.account_key

    cross join themes

    left join theme_counts
        on months.account_key = theme_counts.account_key
        and months.posted_month = theme_counts.posted_month
        and themes.theme_code = theme_counts.theme_code
        and themes.codebook_version = theme_counts.codebook_version

)

select * from theme_months
order by account_key, posted_month, theme_code
