with

terms as (

    select * from {{ ref('int_codebook__terms') }}
    where requires is not null

),

themes as (

    select * from {{ ref('codebook_themes') }}

),

conditions_unnested as (

    select
        term_id,
        codebook_id,
        unnest({{ split_list('requires', '|') }}) as condition

    from terms

),

conditions_told_apart as (

    select distinct
        conditions_unnested.term_id,
        conditions_unnested.condition,
        themes.theme_code is not null as is_theme

    from conditions_unnested

    left join themes
        on conditions_unnested.condition = themes.theme_code
        and conditions_unnested.codebook_id = themes.codebook_id

)

select * from conditions_told_apart
order by term_id, condition
