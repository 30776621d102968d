with

studies as (

    select * from {{ ref('int_studies__selected') }}

),

themes as (

    select * from {{ ref('codebook_themes') }}

),

terms as (

    select * from {{ ref('codebook_terms') }}

),

-- several codebooks lie side by side in the seeds; the study names the one that counts
terms_of_the_study as (

    select
        terms.*,
        themes.parent_code,
        themes.is_organisations_only

    from terms

    inner join studies
        on terms.codebook_id = studies.codebook_id

    inner join themes
        on terms.codebook_id = themes.codebook_id
        and terms.theme_code = themes.theme_code

)

select * from terms_of_the_study
order by term_id
