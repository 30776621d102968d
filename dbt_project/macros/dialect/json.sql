{#- The texts at a path of a JSON text, as a list; the path has a `*` in it. -#}
{% macro json_texts(json, path) -%}
    {{ return(adapter.dispatch('json_texts')(json, path)) }}
{%- endmacro %}


{% macro duckdb__json_texts(json, path) -%}
    json_extract_string({{ json }}, '{{ path }}')
{%- endmacro %}
