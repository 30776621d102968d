{#- A time of ISO 8601 with its zone; null when it is none. -#}
{% macro parse_iso_time(text) -%}
    {{ return(adapter.dispatch('parse_iso_time')(text)) }}
{%- endmacro %}


{% macro duckdb__parse_iso_time(text) -%}
    try_cast({{ text }} as timestamptz)
{%- endmacro %}
