{#- A text read by one strptime format, which is a constant of the model; null when it does not fit. With an offset in the
    format the result is an instant, without one what a clock showed. -#}
{% macro parse_time(text, format) -%}
    {{ return(adapter.dispatch('parse_time')(text, format)) }}
{%- endmacro %}


{% macro duckdb__parse_time(text, format) -%}
    try_strptime({{ text }}, '{{ format }}')
{%- endmacro %}
