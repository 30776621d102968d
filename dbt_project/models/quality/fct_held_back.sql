with

months as (

    select * from {{ ref('int_others__months') }}

),

hashtag_years as (

    select * from {{ ref('int_others__hashtag_years') }}

),

theme_months as (

    select * from {{ ref('fct_others_theme_months') }}

),

months_counted as (

    select
        'fct_others_months' as table_name,
        platform,
        count(*) filter (where suppression = 'none') as shown_cell_count,
        count(*) filter (where suppression = 'small') as small_cell_count,
        count(*) filter (where suppression = 'complementary') as complementary_cell_count,
        cast(coalesce(sum(post_count) filter (where suppression <> 'none'), 0) as bigint) as held_back_post_count

    from months

    group by platform

),

hashtags_counted as (

    select
        'fct_others_hashtag_years' as table_name,
        platform,
        count(*) filter (where suppression = 'none') as shown_cell_count,
        count(*) filter (where suppression = 'small') as small_cell_count,
        cast(0 as bigint) as complementary_cell_count,
        cast(null as bigint) as held_back_post_count

    from hashtag_years

    group by platform

),

themes_counted as (

    select
        'fct_others_theme_months' as table_name,
        platform,
        count(*) filter (where suppression = 'none') as shown_cell_count,
        count(*) filter (where suppression = 'small') as small_cell_count,
        count(*) filter (where suppression = 'complementary') as complementary_cell_count,
        cast(null as bigint) as held_back_post_count

    from theme_months

    group by platform

),

held_back as (

    select * from months_counted
    union all
    select * from hashtags_counted
    union all
    select * from themes_counted

)

select * from held_back
order by table_name, platform
