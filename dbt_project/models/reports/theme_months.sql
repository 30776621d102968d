with

months as (

    select * from {{ ref('fct_theme_months') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}
    where is_registered or is_capture_owner or is_focal

),

themes as (

    select * from {{ ref('dim_themes') }}

),

theme_months as (

    select
        months.account_key,
        accounts.platform,
        accounts.handle,
        accounts.organisation_name,
        months.theme_code,
        themes.theme_name,
        themes.theme_name_id,
        themes.facet,
        months.codebook_version,
        months.validation_state,
        months.coverage_status,
        cast(extract(year from months.posted_month) as integer) as posted_year,
        months.own_post_count,
        months.own_posts_of_month,
        months.share_of_own_posts,
        months.covered_days,
        months.calendar_days,
        months.coverage_share,
        months.posted_month

    from months

    inner join accounts
        on months.account_key = accounts.account_key

    inner join themes
        on months.theme_code = themes.theme_code
        and months.codebook_version = themes.codebook_version

)

select * from theme_months
order by account_key, posted_month, theme_code
