with

terms as (

    select * from {{ ref('int_codebook__terms') }}

),

conditions as (

    select * from {{ ref('int_codebook__conditions') }}
    where not is_theme

),

exclusions as (

    select * from {{ ref('codebook_exclusions') }}
    where codebook_version in (select codebook_version from terms)

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

),

-- a short number in place of the text: spans are compared by it a million times
patterns_numbered as (

    select
        cast(row_number() over (order by pattern) as integer) as pattern_no,
        pattern,
        stem,
        word_count,
        is_wildcard,
        is_term

    from patterns_measured

)

select * from patterns_numbered
order by pattern
