{#- Where texts of registered accounts hold the display name of somebody who is not, and what is done about it. -#}
with

posts as (

    select
        post_key,
        text

    from {{ ref('int_posts__kept') }}

),

candidates as (

    select * from {{ ref('int_posts__display_name_candidates') }}

),

names_judged as (

    select * from {{ ref('int_display_names__judged') }}

),

texts_cut as (

    select
        post_key,
        text,
        {{ regex_find_all('text', name_piece_pattern()) }} as pieces,
        {{ regex_find_all('text', name_word_pattern()) }} as words

    from posts

    where post_key in (select post_key from candidates)

),

-- all words at once; where that gives another number of words, each by itself
texts_folded_whole as (

    select
        *,
        {{ split_list(folded_name(list_as_text(list_map('words', 'w', "concat(w, ' ')"))), ' ') }} as words_folded_whole

    from texts_cut

),

texts_in_words as (

    select
        post_key,
        text,
        pieces,
        words,
        case
            when {{ list_size('words_folded_whole') }} = {{ list_size('words') }} then words_folded_whole
            else {{ list_map('words', 'w', folded_name('w')) }}
        end as folded_words

    from texts_folded_whole

),

places_found as (

    select
        texts_in_words.*,
        candidates.name,
        candidates.pseudonym,
        candidates.is_named_account,
        candidates.is_written_small,
        names_judged.left_because,
        names_judged.left_elsewhere_because,
        {{ list_size('names_judged.words') }} as word_count,
        unnest({{ places_of_words('texts_in_words.folded_words', 'names_judged.words') }}) as word_no

    from candidates

    inner join texts_in_words
        on candidates.post_key = texts_in_words.post_key

    inner join names_judged
        on candidates.name = names_judged.name

),

places_measured as (

    select
        *,
        {{ list_item('pieces', 'word_no') }} as first_piece,
        {{ list_item('words', 'word_no') }} as first_word,
        {{ regex_replace_all(list_item('words', 'word_no + word_count - 1'), '[\\x27’][sS]$', '') }} as last_word,
        {{ length_of_first('pieces', 'word_no') }} - length({{ list_item('words', 'word_no') }}) as place_start,
        {{ length_of_first('pieces', 'word_no + word_count - 1') }}
            - length({{ list_item('words', 'word_no + word_count - 1') }}) as last_word_start

    from places_found

),

places_judged as (

    select
        post_key,
        cast(place_start as bigint) as place_start,
        cast(last_word_start + length(last_word) as bigint) as place_end,
        name,
        pseudonym,
        is_named_account,
        is_written_small,
        coalesce(left_because, case when not is_named_account then left_elsewhere_because end) as left_because,
        substring(text, cast(place_start as bigint) + 1, cast(last_word_start + length(last_word) - place_start as bigint)) as spelling,
        first_word,
        last_word,
        word_count,
        right(first_piece, length(first_word) + 1) as first_word_with_sign

    from places_measured

),

places as (

    select
        post_key,
        place_start,
        place_end,
        name,
        spelling,
        pseudonym,
        left_because,
        is_named_account

    from places_judged

    -- part of a handle, a hashtag or an address; words that belong to two things
    where not {{ regex_match('first_word_with_sign', '^[@＠#＃_]') }}
        and not {{ regex_match('spelling', '[,;:!?@＠#＃/_|&()"“”\\r\\n]') }}
        -- one word only where it is written as a name; of accounts that the post does not name so is the whole name
        and case
            when word_count = 1
                then not {{ regex_match('first_word_with_sign', '^[/.]') }}
                    and (is_written_small or not {{ regex_match('first_word', '^\\p{Ll}') }})
            when is_named_account then true
            else not ({{ regex_match('first_word', '^\\p{Ll}') }} or {{ regex_match('last_word', '^\\p{Ll}') }})
                and not {{ regex_match('spelling', '[\\x27’][sS] ') }}
        end

)

select * from places
order by post_key, place_start, name
