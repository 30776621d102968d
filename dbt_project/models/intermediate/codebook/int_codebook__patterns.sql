with

terms as (

    select * from {{ ref('codebook_terms') }}

),

conditions as (

    select * from {{ ref('int_codebook__conditions') }}
    where not is_theme

),

exclusions as (

    select * from {{ ref('codebook_exclusions') }}

),

patterns_unioned as (

    -- a hashtag is found in the entities of its source; here it only gets its place in the text
    select term as pattern, 1 as is_term from terms
    union all
    select condition as pattern, 0 as is_term from conditions
    union all
    select pattern, 0 as is_term from exclusions

),

patterns_measured as (

    select
        pattern,
        replace(pattern, '*', '') as stem,
        cast(length(pattern) - length(replace(pattern, ' ', '')) + 1 as bigint) as word_count,
        pattern like '%*' as is_wildcard,
        max(is_term) = 1 as is_term

    from patterns_unioned

    group by 1, 2, 3, 4

)

select * from patterns_measured
order by pattern
