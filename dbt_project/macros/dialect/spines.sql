{#- A list of dates from one day to another, both included: to be unnested. `step` is 'day' or 'month'. -#}
{% macro date_list(from_day, to_day, step) -%}
    {{ return(adapter.dispatch('date_list')(from_day, to_day, step)) }}
{%- endmacro %}


{% macro duckdb__date_list(from_day, to_day, step) -%}
    generate_series(cast({{ from_day }} as timestamp), cast({{ to_day }} as timestamp), interval 1 {{ step }})
{%- endmacro %}


{#- ISO day of the week, 1 is Monday. -#}
{% macro iso_weekday(day) -%}
    {{ return(adapter.dispatch('iso_weekday')(day)) }}
{%- endmacro %}


{% macro duckdb__iso_weekday(day) -%}
    cast(extract(isodow from {{ day }}) as integer)
{%- endmacro %}
