with

post_themes as (

    select * from {{ ref('int_posts__themes') }}
    where not is_repost

),

accounts as (

    select
        account_key,
        platform

    from {{ ref('dim_accounts') }}

    where not {{ has_rows_of_its_own() }}

),

themes as (

    select
        theme_code,
        codebook_version,
        facet,
        parent_code

    from {{ ref('codebook_themes') }}

),

themes_counted as (

    select
        accounts.platform,
        {{ month_of('post_themes.posted_date') }} as posted_month,
        post_themes.theme_code,
        post_themes.codebook_version,
        themes.facet,
        themes.parent_code,
        count(*) as own_post_count,
        count(distinct post_themes.account_key) as account_count

    from post_themes

    inner join accounts
        on post_themes.account_key = accounts.account_key

    inner join themes
        on post_themes.theme_code = themes.theme_code
        and post_themes.codebook_version = themes.codebook_version

    group by 1, 2, 3, 4, 5, 6

),

-- a theme and its parts in one month are a sum; the theme itself is held back only where there is no other part
cells_judged as (

    {{ judged_cells(
        'themes_counted',
        family='platform, posted_month, coalesce(parent_code, theme_code)',
        smallest_first='parent_code is null, own_post_count, theme_code',
        post_count='own_post_count',
        account_count='account_count'
    ) }}

)

select
    platform,
    posted_month,
    theme_code,
    codebook_version,
    facet,
    own_post_count,
    account_count,
    suppression

from cells_judged

order by platform, posted_month, theme_code
