{#- The cashtags of a text: `$` after a blank or at the start, then one to six ASCII letters, perhaps `.` or `_` and one or
    two more; a blank, a punctuation mark or the end must follow (the pattern takes it, and it is cut off again). -#}
{% macro cashtags_in(text) -%}
    {%- set symbol = '[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?' -%}
    {%- set found = words_after(
        text, '$', '^' ~ symbol ~ '(?:$|[' ~ space_characters() ~ '!-/:-@\\[-`{-~])'
    ) -%}
    case
        when {{ text }} is null then null
        when strpos({{ text }}, '$') > 0
            then {{ list_map(
                list_map(
                    list_keep(found, 'c', "c.before = '' or " ~ regex_match('c.before', '[' ~ space_characters() ~ ']$')),
                    'c',
                    struct_of([('symbol', regex_find('c.word', '^' ~ symbol)), ('start', 'c."start"')])
                ),
                'c',
                struct_of([
                    ('symbol', 'c.symbol'),
                    ('start', 'cast(c."start" as bigint)'),
                    ('end', 'cast(c."start" + 1 + length(c.symbol) as bigint)'),
                ])
            ) }}
        else {{ empty_list('struct(symbol varchar, "start" bigint, "end" bigint)[]') }}
    end
{%- endmacro %}
