{#- The hashtags of a text, as `hashtags_type()`: `#` or `＃` that no word touches on its left, then a word that holds a
    letter or mark and is not followed by another `#` or by `://`. A keycap (`#️⃣`) is no hashtag, nor is an HTML entity that
    somebody escaped twice (`&#x27;`); behind any other `&` the platform marks them. Hide the URLs of the text first
    (`hide_urls`): what stands behind `#` in one is no hashtag. -#}
{% macro hashtags_in(text) -%}
    {%- set tag = hashtag_characters() -%}
    {%- set found = words_after("replace(" ~ text ~ ", '＃', '#')", '#', '^[' ~ tag ~ ']+') -%}
    case
        when {{ text }} is null then null
        when strpos({{ text }}, '#') > 0 or strpos({{ text }}, '＃') > 0
            then {{ list_map(
                list_keep(found, 'h', "
                    left(h.after, 1) <> '#'
                    and h.after <> '://'
                    and not (right(h.before, 1) = '&' and left(h.after, 1) = ';')
                    and (not " ~ regex_match('h.before', '[' ~ tag ~ ']$') ~ "
                        or " ~ regex_match('h.before', '[\\x{fe0e}\\x{fe0f}]$') ~ ")
                    and " ~ regex_match('h.word', '[\\p{L}\\p{M}]') ~ "
                    and not " ~ regex_match('h.word', '^[\\x{fe0f}\\x{20e3}]')
                ),
                'h',
                struct_of([
                    ('tag', 'h.word'),
                    ('start', 'cast(h."start" as bigint)'),
                    ('end', 'cast(h."start" + 1 + length(h.word) as bigint)'),
                ])
            ) }}
        else {{ empty_list(hashtags_type()) }}
    end
{%- endmacro %}
