{#- The words of a hashtag, as written and in order: a capital begins a word, capitals in a row are one (`StopTPPO`, `IOMIndonesia`,
    `SDGs`), digits are a word of their own, `_` separates. Letters without case stay together, so an all-lower tag is one word:
    where its words end, only a dictionary could guess. The text may have been folded in width, not in case. -#}
{% macro hashtag_words(tag) -%}
    {{ return(adapter.dispatch('hashtag_words')(tag)) }}
{%- endmacro %}


{% macro duckdb__hashtag_words(tag) -%}
    regexp_extract_all({{ duckdb__hashtag_parted(tag) }}, '{{ hashtag_word() }}')
{%- endmacro %}


{#- The same with their places: structs of `word`, `start` and `end`, in code points from the first character of the tag,
    which is given without its `#`. -#}
{% macro hashtag_word_spans(tag) -%}
    {{ return(adapter.dispatch('hashtag_word_spans')(tag)) }}
{%- endmacro %}


{#- Words with what stands before them tile the tag; the blanks that part words were not in it. -#}
{% macro duckdb__hashtag_word_spans(tag) -%}
    list_extract(list_transform(
        [regexp_extract_all({{ duckdb__hashtag_parted(tag) }}, '[ _]*(?:{{ hashtag_word() }})')],
        lambda tag_pieces: list_transform(range(1, len(tag_pieces) + 1), lambda n: {
            'word': ltrim(tag_pieces[n], ' _'),
            'start': cast(
                length(replace(array_to_string(tag_pieces[1:n], ''), ' ', '')) - length(ltrim(tag_pieces[n], ' _')) as bigint
            ),
            'end': cast(length(replace(array_to_string(tag_pieces[1:n], ''), ' ', '')) as bigint)
        })
    ), 1)
{%- endmacro %}


{#- RE2 cannot look ahead, so a blank is put before the last capital of a row that a small letter follows. A lone `s` behind
    capitals makes a plural (`NGOs`), no word. -#}
{% macro duckdb__hashtag_parted(tag) -%}
    regexp_replace({{ tag }}, '([\p{Lu}\p{Lt}])([\p{Lu}\p{Lt}](?:[^\P{Ll}s]|s\p{Ll}))', '\1 \2', 'g')
{%- endmacro %}


{#- Pattern of one word of a hashtag. -#}
{% macro hashtag_word() -%}
    {{ return('[\\p{Lu}\\p{Lt}]{2,}s?|[\\p{Lu}\\p{Lt}]?[^\\p{Lu}\\p{Lt}\\p{N}_ ]+|[\\p{Lu}\\p{Lt}]|\\p{N}+') }}
{%- endmacro %}
