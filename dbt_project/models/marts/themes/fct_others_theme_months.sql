{#- k of 5: the rule of the studies of this field (CTDC publishes from 11 on, UNODC "<5"). -#}
{%- set k = 5 -%}

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

    where not is_registered

),

themes as (

    select
        theme_code,
        codebook_version,
        facet,
        parent_code

    from {{ ref('dim_themes') }}

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

-- a month of few posts, or of few people, tells of them
cells_judged as (

    select
        *,
        own_post_count < {{ k }} or account_count < {{ k }} as is_small

    from themes_counted

),

-- A theme and its parts in one month are a sum of which all parts but one must not be known: where a single part is small, the
-- smallest of the others is held back with it, or the theme itself where there is no other.
families_judged as (

    select
        *,
        count(*) filter (where is_small) over (
            partition by platform, posted_month, coalesce(parent_code, theme_code)
        ) as small_count,
        row_number() over (
            partition by platform, posted_month, coalesce(parent_code, theme_code), is_small
            order by parent_code is null, own_post_count, theme_code
        ) as size_rank

    from cells_judged

),

cells_shown as (

    select
        platform,
        posted_month,
        theme_code,
        codebook_version,
        facet,
        case when not (is_small or (small_count = 1 and size_rank = 1)) then own_post_count end as own_post_count,
        case when not (is_small or (small_count = 1 and size_rank = 1)) then account_count end as account_count,
        case
            when is_small then 'small'
            when small_count = 1 and size_rank = 1 then 'complementary'
            else 'none'
        end as suppression

    from families_judged

)

select * from cells_shown
order by platform, posted_month, theme_code
