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
    select
        term as pattern,
        1 as is_term,
        kind = 'regex' as is_regex

    from terms

    where kind <> 'near'

    union all

    -- a post without the one side of a near rule need not be searched for the other
    select
        unnest({{ split_list('near_a', '|') }}) as pattern,
        1 as is_term,
        false as is_regex

    from terms

    where kind = 'near'

    union all

    select
        unnest({{ split_list('near_b', '|') }}) as pattern,
        0 as is_term,
        false as is_regex

    from terms

    where kind = 'near'

    union all

    select
        condition as pattern,
        0 as is_term,
        false as is_regex

    from conditions

    union all

    select
        pattern,
        0 as is_term,
        false as is_regex

    from exclusions

),

patterns_measured as (

    select
        pattern,
        is_regex,
        case when is_regex then pattern else replace(pattern, '*', '') end as stem,
        cast(
            case when is_regex then 0 else length(pattern) - length(replace(pattern, ' ', '')) + 1 end as bigint
        ) as word_count,
        not is_regex and pattern like '%*' as is_wildcard,
        max(is_term) = 1 as is_term

    from patterns_unioned

    group by 1, 2, 3, 4, 5

),

-- a short number in place of the text: spans are compared by it a million times
patterns_numbered as (

    select
        cast(row_number() over (order by pattern, is_regex) as integer) as pattern_no,
        pattern,
        stem,
        word_count,
        is_wildcard,
        is_regex,
        is_term

    from patterns_measured

)

select * from patterns_numbered
order by pattern
