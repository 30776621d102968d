with

themes as (

    select * from {{ ref('codebook_themes') }}

),

terms as (

    select * from {{ ref('codebook_terms') }}

),

terms_counted as (

    select
        theme_code,
        count(*) as term_count

    from terms

    group by theme_code

),

themes_described as (

    select
        themes.theme_code,
        themes.parent_code,
        themes.facet,
        themes.label_en as theme_name,
        themes.label_id as theme_name_id,
        themes.definition,
        themes.standard_ref as standard_reference,
        themes.exclude_note,
        themes.example,
        themes.codebook_version,
        themes.codebook_hash,
        'unvalidated' as validation_state,
        coalesce(terms_counted.term_count, 0) as term_count,
        themes.is_organisations_only

    from themes

    left join terms_counted
        on themes.theme_code = terms_counted.theme_code

)

select * from themes_described
order by theme_code
