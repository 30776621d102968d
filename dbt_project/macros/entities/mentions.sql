{#- The mentions of a text, as `mentions_type()`. A text tells no account id. Lists (`@account/list`) are no mentions, as on
    the platform. Hide the URLs of the text first (`hide_urls`): some hold handles. -#}
{% macro mentions_in(text) -%}
    {{ list_map(
        list_keep(mentions_and_lists_in(text), 'm', "m.list_slug = ''"),
        'm',
        struct_of([
            ('handle', 'm.handle'),
            ('account_id', 'cast(null as varchar)'),
            ('start', 'm."start"'),
            ('end', 'm."end"'),
        ])
    ) }}
{%- endmacro %}


{#- Accounts and lists that a text names: `@` or `＠`, a handle of at most 20 letters, digits and `_`, then perhaps `/` and
    the name of a list (`list_slug`; empty for an account). On the left stands no letter or digit (that would be an e-mail
    address) except `RT`, and none of `_ ! # $ % & * @`, except that `&` and `@` may stand alone behind a blank (`via @@account`;
    the platform marks these: 7 of 7 in 130,000 posts); on the right no `@`, no accented letter and no `://`. -#}
{% macro mentions_and_lists_in(text) -%}
    {%- set found = words_after(
        "replace(" ~ text ~ ", '＠', '@')", '@', '^[A-Za-z0-9_]+(?:/[A-Za-z][A-Za-z0-9_-]{0,24})?'
    ) -%}
    {%- set handle = "split_part(m.word, '/', 1)" -%}
    case
        when {{ text }} is null then null
        when strpos({{ text }}, '@') > 0 or strpos({{ text }}, '＠') > 0
            then {{ list_map(
                list_keep(found, 'm', "
                    length(" ~ handle ~ ") <= 20
                    and left(m.after, 1) <> '@'
                    and m.after <> '://'
                    and not " ~ regex_match('m.after', '^[' ~ latin_characters() ~ ']') ~ "
                    and (
                        not " ~ regex_match('m.before', '[A-Za-z0-9_!#$%&*@]$') ~ "
                        or " ~ regex_match('m.before', '(?:^|[^A-Za-z0-9_+~.-])[Rr][Tt]$') ~ "
                        or " ~ regex_match('m.before', '(?:^|[' ~ space_characters() ~ '])[&@]$') ~ "
                    )
                "),
                'm',
                struct_of([
                    ('handle', handle),
                    ('list_slug', 'substr(m.word, length(' ~ handle ~ ') + 1)'),
                    ('start', 'cast(m."start" as bigint)'),
                    ('end', 'cast(m."start" + 1 + length(m.word) as bigint)'),
                ])
            ) }}
        else {{ empty_list('struct(handle varchar, list_slug varchar, "start" bigint, "end" bigint)[]') }}
    end
{%- endmacro %}
