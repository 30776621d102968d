{{ config(materialized='view') }}

with

posts as (

    select
        post_key,
        {{ nfc('text') }} as nfc_text

    from {{ ref('fct_posts') }}

),

words_of_posts as (

    select * from {{ ref('int_posts__words') }}

),

stems as (

    select * from {{ ref('int_words__stems') }}

),

words_numbered as (

    select
        post_key,
        unnest({{ list_positions('tokens') }}) as position,
        unnest(tokens) as token

    from words_of_posts

),

tokens as (

    select
        words_numbered.post_key,
        words_numbered.position,
        words_numbered.token.token_start,
        words_numbered.token.token_start + length(words_numbered.token.folded) as token_end,
        substr(
            posts.nfc_text, words_numbered.token.token_start + 1, length(words_numbered.token.folded)
        ) as token,
        words_numbered.token.folded,
        stems.language,
        coalesce(stems.stem, words_numbered.token.folded) as stem,
        words_numbered.token.is_hashtag,
        coalesce(stems.is_stop_word, false) as is_stop_word

    from words_numbered

    inner join posts
        on words_numbered.post_key = posts.post_key

    left join stems
        on words_numbered.token.folded = stems.word

)

select * from tokens
