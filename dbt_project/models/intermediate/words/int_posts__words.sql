{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ keep_only(this, ['post_key', 'text_hash'], texts_for_words()) }}",
) }}

{%- set marked_word = list_item('marked_words', 'n') -%}
{%- set word_end = list_item('word_ends', 'n') -%}

with

texts_for_words as (

    {{ texts_for_words() }}

),

posts as (

    select
        post_key,
        {{ text_of_whole_words('text', 'coalesce(text_is_complete, true)') }} as text

    from {{ ref('fct_posts') }}

),

-- words of a text are made once: a later run makes those of new and changed texts only
new_texts as (

    select * from texts_for_words

    {% if is_incremental() -%}
    where not exists (
        select 1
        from {{ this }} as made
        where made.post_key = texts_for_words.post_key
    )
    {%- endif %}

),

plain_texts as (

    select
        new_texts.post_key,
        new_texts.text_hash,
        {{ plain_letters(nfc('posts.text')) }} as plain_text

    from new_texts

    inner join posts
        on new_texts.post_key = posts.post_key

),

words_found as (

    select
        post_key,
        text_hash,
        plain_text,
        {{ regex_find_all('lower(plain_text)', marked_word_pattern()) }} as marked_words,
        {{ list_map(
            regex_find_all('lower(plain_text)', word_piece_pattern()), 'piece', 'length(piece)'
        ) }} as piece_lengths

    from plain_texts

),

-- pieces tile the text, so their lengths tell the places
words_measured as (

    select
        post_key,
        text_hash,
        plain_text,
        marked_words,
        {{ running_sums('piece_lengths') }} as word_ends

    from words_found

),

words_kept as (

    select
        post_key,
        text_hash,
        plain_text,
        {{ list_map(
            list_keep(list_positions('marked_words'), 'n', "
                left(" ~ marked_word ~ ", 1) <> '@'
                and strpos(" ~ marked_word ~ ", '.') = 0
                and strpos(" ~ marked_word ~ ", '/') = 0
            "),
            'n',
            "case
                when left(" ~ marked_word ~ ", 1) = '#' then " ~ struct_of([
                    ('folded', "ltrim(" ~ marked_word ~ ", '#_')"),
                    ('token_start', word_end ~ " - length(ltrim(" ~ marked_word ~ ", '#_'))"),
                    ('is_hashtag', 'true'),
                ]) ~ "
                else " ~ struct_of([
                    ('folded', marked_word),
                    ('token_start', word_end ~ ' - length(' ~ marked_word ~ ')'),
                    ('is_hashtag', 'false'),
                ]) ~ "
            end"
        ) }} as tokens

    from words_measured

),

hashtags_split as (

    select
        post_key,
        text_hash,
        case
            when {{ has_hashtag_of_words('plain_text') }} then {{ list_flattened(list_map('tokens', 't', "
                case
                    when t.is_hashtag then " ~ list_map(
                        hashtag_word_spans('substr(plain_text, t.token_start + 1, length(t.folded))'), 's', struct_of([
                            ('folded', 'lower(s.word)'),
                            ('token_start', 'cast(t.token_start + s.\"start\" as bigint)'),
                            ('is_hashtag', 'true'),
                        ])
                    ) ~ "
                    else " ~ list_of(['t']) ~ "
                end
            ")) }}
            else tokens
        end as tokens

    from words_kept

)

select * from hashtags_split
