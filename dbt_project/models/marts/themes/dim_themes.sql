with

studies as (

    select * from {{ ref('int_studies__selected') }}

),

themes as (

    select * from {{ ref('codebook_themes') }}

),

terms as (

    select * from {{ ref('int_codebook__terms') }}

),

validation as (

    select * from {{ ref('int_codebook__validation') }}

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
        themes.codebook_id,
        themes.codebook_version,
        themes.codebook_hash,
        coalesce(validation.validation_state, 'unvalidated') as validation_state,
        coalesce(terms_counted.term_count, 0) as term_count,
        themes.is_organisations_only

    from themes

    -- several codebooks lie side by side; the study names the one that counts
    inner join studies
        on themes.codebook_id = studies.codebook_id

    left join terms_counted
        on themes.theme_code = terms_counted.theme_code

    left join validation
        on themes.theme_code = validation.theme_code
        and themes.codebook_version = validation.codebook_version

)

select * from themes_described
order by theme_code
