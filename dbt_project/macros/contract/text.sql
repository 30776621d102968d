{#- HTML entities as X escapes them, undone once. `&amp;` comes last, or `&amp;lt;` would become `<`. Posts without an
    ampersand (97 of 100) are left alone. -#}
{% macro unescape_html(text) -%}
    case
        when strpos({{ text }}, '&') > 0
            then replace(replace(replace(replace(replace(
                {{ text }}, '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#39;', ''''), '&amp;', '&')
        else {{ text }}
    end
{%- endmacro %}


{#- A list of entities as the contract has them: `fields` are pairs of name and expression over the element, `from_index`
    and `to_index` its place. X counts positions in the text as it delivers it, escaped: where the text was unescaped, a
    position moves left by what the entities before it lost. Proved on 516 hashtags behind an escaped ampersand: 516 agree
    with the escaped text, 0 with positions taken over unmoved. The other 97 of 100 texts take the short way, which does
    not carry the text to each entity. -#}
{% macro entity_list(list, element, fields, from_index, to_index, escaped_text) -%}
    case
        when strpos({{ escaped_text }}, '&') > 0
            then {{ list_map(list, element, struct_of(fields + [
                ('start', unescaped_position(from_index, escaped_text)),
                ('end', unescaped_position(to_index, escaped_text)),
            ])) }}
        else {{ list_map(list, element, struct_of(fields + [
            ('start', 'cast(' ~ from_index ~ ' as bigint)'),
            ('end', 'cast(' ~ to_index ~ ' as bigint)'),
        ])) }}
    end
{%- endmacro %}


{% macro unescaped_position(position, escaped_text) -%}
    cast(length({{ unescape_html('left(' ~ escaped_text ~ ', cast(' ~ position ~ ' as integer))') }}) as bigint)
{%- endmacro %}


{#- The handle behind `RT @` at the start of a repost's text. -#}
{% macro reposted_handle_in(text) -%}
    {{ regex_group(text, '^RT @([A-Za-z0-9_]+)', 1) }}
{%- endmacro %}


{#- True when a long post ends the way X cuts one: an ellipsis and the link to the whole. Long posts exist since
    2023-02-08; before it, the same ending was written by other programs and nothing was cut by X. -#}
{% macro ends_like_a_cut_long_post(text, posted_at) -%}
    (
        {{ posted_at }} >= timestamptz '2023-02-08 00:00:00+00'
        and (ends_with({{ text }}, '…') or {{ text }} like '%… https://t.co/__________')
    )
{%- endmacro %}


{#- The program that posted: X wraps its name in a link. -#}
{% macro client_name(source) -%}
    case
        when starts_with({{ source }}, '<') then split_part(split_part({{ source }}, '>', 2), '<', 1)
        else {{ source }}
    end
{%- endmacro %}


{#- The address of a post: group 1 the handle, group 2 the post id. A picture of a post (`…/photo/1`) is not its address. -#}
{% macro post_link_pattern() -%}
    ^https?://(?:www[.]|mobile[.])?(?:twitter|x)[.]com/([A-Za-z0-9_]+)/status(?:es)?/([0-9]+)/?(?:[?#][^/]*)?$
{%- endmacro %}
