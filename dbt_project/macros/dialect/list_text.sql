{#- The different values of a column in a group as one text, in their order; null when there are none. -#}
{% macro list_text(expression) -%}
    {{ return(adapter.dispatch('list_text')(expression)) }}
{%- endmacro %}


{% macro duckdb__list_text(expression) -%}
    nullif(string_agg(distinct {{ expression }}, '; ' order by {{ expression }}), '')
{%- endmacro %}


{#- The day after so many months from a day: where a period of whole months that begins on it would end. -#}
{% macro day_after_months(day, months) -%}
    {{ return(adapter.dispatch('day_after_months')(day, months)) }}
{%- endmacro %}


{% macro duckdb__day_after_months(day, months) -%}
    cast({{ day }} + interval {{ months }} month as date)
{%- endmacro %}
