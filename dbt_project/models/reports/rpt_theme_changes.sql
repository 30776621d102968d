with

theme_changes as (

    select * from {{ ref('fct_theme_changes') }}

),

themes as (

    select * from {{ ref('dim_themes') }}

),

changes_counted as (

    select
        theme_changes.version_no,
        theme_changes.from_codebook_version,
        theme_changes.to_codebook_version,
        theme_changes.theme_code,
        theme_changes.term,
        count(*) filter (where theme_changes.change = 'gained') as gained_post_count,
        count(*) filter (where theme_changes.change = 'lost') as lost_post_count,
        count(*) filter (where theme_changes.change = 'gained' and not theme_changes.is_repost) as gained_own_post_count,
        count(*) filter (where theme_changes.change = 'lost' and not theme_changes.is_repost) as lost_own_post_count

    from theme_changes

    group by 1, 2, 3, 4, 5

),

changes_named as (

    select
        changes_counted.version_no,
        changes_counted.from_codebook_version,
        changes_counted.to_codebook_version,
        changes_counted.theme_code,
        themes.theme_name,
        changes_counted.term,
        changes_counted.gained_post_count,
        changes_counted.lost_post_count,
        changes_counted.gained_own_post_count,
        changes_counted.lost_own_post_count

    from changes_counted

    left join themes
        on changes_counted.theme_code = themes.theme_code

)

select * from changes_named
order by version_no, theme_code, term
