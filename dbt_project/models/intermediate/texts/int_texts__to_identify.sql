{{ config(materialized='view') }}

with

posts as (

    select
        text,
        language

    from {{ ref('int_posts__unioned') }}

),

posts_asked_about as (

    select
        text,
        language is null as is_undeclared,
        {{ has_segments('text') }} as has_segments

    from posts

    where language is null
        or {{ has_segments('text') }}

),

-- a text is asked about once, however many records carry it
texts as (

    select
        {{ text_hash('text') }} as text_hash,
        text,
        is_undeclared,
        has_segments

    from posts_asked_about

    where text <> ''

    group by text, is_undeclared, has_segments

)

select * from texts
