{#- The handle that a text begins with, blanks before it aside: the account replied to, where a source has no field for it.
    Null for every other text; `.@account` is a mention, made so on purpose. For staging models. -#}
{% macro reply_handle_in(text) -%}
    {{ regex_group(
        text,
        '^[' ~ space_characters() ~ ']*[@＠]([A-Za-z0-9_]{1,20})'
        ~ '(?:$|[^A-Za-z0-9_@＠:' ~ latin_characters() ~ ']|:$|:[^/]|:/$|:/[^/])',
        1
    ) }}
{%- endmacro %}
