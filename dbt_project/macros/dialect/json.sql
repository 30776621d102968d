{#- The texts at a path of a JSON text, as a list; the path has a `*` in it. -#}
{% macro json_texts(json, path) -%}
    {{ return(adapter.dispatch('json_texts')(json, path)) }}
{%- endmacro %}


{% macro duckdb__json_texts(json, path) -%}
    json_extract_string({{ json }}, '{{ path }}')
{%- endmacro %}


{#- A JSON text as the struct or list that `structure` declares (the engine's notation); what does not fit is null. -#}
{% macro json_struct(json, structure) -%}
    {{ return(adapter.dispatch('json_struct')(json, structure)) }}
{%- endmacro %}


{% macro duckdb__json_struct(json, structure) -%}
    json_transform({{ json }}, '{{ structure }}')
{%- endmacro %}


{#- The text at a path of a JSON text; null when there is none. -#}
{% macro json_text(json, path) -%}
    {{ return(adapter.dispatch('json_text')(json, path)) }}
{%- endmacro %}


{% macro duckdb__json_text(json, path) -%}
    json_extract_string({{ json }}, '{{ path }}')
{%- endmacro %}


{#- How many elements the list at a path of a JSON text has; null when there is no list. -#}
{% macro json_list_size(json, path) -%}
    {{ return(adapter.dispatch('json_list_size')(json, path)) }}
{%- endmacro %}


{% macro duckdb__json_list_size(json, path) -%}
    json_array_length({{ json }}, '{{ path }}')
{%- endmacro %}
