{#- The values at a path with a star, of a cell that holds JSON; null where it holds none. -#}
{% macro cell_texts(cell, path) -%}
    {{ return(adapter.dispatch('cell_texts')(cell, path)) }}
{%- endmacro %}


{% macro duckdb__cell_texts(cell, path) -%}
    (case when json_valid({{ cell }}) then json_extract_string({{ cell }}, '{{ path }}') end)
{%- endmacro %}
