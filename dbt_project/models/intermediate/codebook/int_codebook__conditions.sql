with

terms as (

    select * from {{ ref('codebook_terms') }}
    where requires is not null

),

themes as (

    select * from {{ ref('codebook_themes') }}

),

conditions_unnested as (

    select
        term_id,
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

)

select * from conditions_told_apart
order by term_id, condition
