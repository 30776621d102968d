with

post_themes as (

    select
        post_key,
        account_key,
        theme_code

    from {{ ref('fct_post_themes') }}

    where not is_repost

),

themes as (

    select * from {{ ref('dim_themes') }}

),

posts as (

    select * from {{ ref('int_posts__kept') }}
    where is_own

),

posts_by_account as (

    select
        account_key,
        count(*) as own_post_count

    from posts

    group by account_key

),

posts_by_theme as (

    select
        account_key,
        theme_code,
        count(*) as own_post_count

    from post_themes

    group by account_key, theme_code

),

pairs_counted as (

    select
        left_themes.account_key,
        left_themes.theme_code,
        right_themes.theme_code as other_theme_code,
        count(*) as own_post_count

    from post_themes as left_themes

    inner join post_themes as right_themes
        on left_themes.post_key = right_themes.post_key
        and left_themes.theme_code < right_themes.theme_code

    group by 1, 2, 3

),

-- a theme carries its parent, so the two are always together
pairs_told_apart as (

    select pairs_counted.*
    from pairs_counted

    inner join themes
        on pairs_counted.theme_code = themes.theme_code

    inner join themes as other_themes
        on pairs_counted.other_theme_code = other_themes.theme_code

    where themes.parent_code is distinct from other_themes.theme_code
        and other_themes.parent_code is distinct from themes.theme_code

),

pairs_measured as (

    select
        pairs_told_apart.account_key,
        pairs_told_apart.theme_code,
        pairs_told_apart.other_theme_code,
        pairs_told_apart.own_post_count,
        posts_by_theme.own_post_count as theme_own_post_count,
        posts_by_other_theme.own_post_count as other_theme_own_post_count,
        posts_by_account.own_post_count as all_own_post_count,
        pairs_told_apart.own_post_count / cast(
            posts_by_theme.own_post_count + posts_by_other_theme.own_post_count - pairs_told_apart.own_post_count as double
        ) as jaccard,
        case
            when pairs_told_apart.own_post_count < posts_by_account.own_post_count
                then ln(
                    cast(pairs_told_apart.own_post_count as double) * posts_by_account.own_post_count
                    / posts_by_theme.own_post_count / posts_by_other_theme.own_post_count
                ) / -ln(cast(pairs_told_apart.own_post_count as double) / posts_by_account.own_post_count)
        end as npmi

    from pairs_told_apart

    inner join posts_by_theme
        on pairs_told_apart.account_key = posts_by_theme.account_key
        and pairs_told_apart.theme_code = posts_by_theme.theme_code

    inner join posts_by_theme as posts_by_other_theme
        on pairs_told_apart.account_key = posts_by_other_theme.account_key
        and pairs_told_apart.other_theme_code = posts_by_other_theme.theme_code

    inner join posts_by_account
        on pairs_told_apart.account_key = posts_by_account.account_key

)

select * from pairs_measured
order by account_key, theme_code, other_theme_code
