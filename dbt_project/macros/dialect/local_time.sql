{#- The wall clock date of an instant in a named time zone. -#}
{% macro local_date(moment, time_zone) -%}
    {{ return(adapter.dispatch('local_date')(moment, time_zone)) }}
{%- endmacro %}


{% macro duckdb__local_date(moment, time_zone) -%}
    cast({{ moment }} at time zone {{ time_zone }} as date)
{%- endmacro %}


{#- The first day of the month of a date, as a date. -#}
{% macro month_of(day) -%}
    {{ return(adapter.dispatch('month_of')(day)) }}
{%- endmacro %}


{% macro duckdb__month_of(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}


{% macro days_in_month(day) -%}
    {{ return(adapter.dispatch('days_in_month')(day)) }}
{%- endmacro %}


{% macro duckdb__days_in_month(day) -%}
    extract(day from last_day({{ day }}))
{%- endmacro %}


{% macro last_day_of_month(day) -%}
    {{ return(adapter.dispatch('last_day_of_month')(day)) }}
{%- endmacro %}


{% macro duckdb__last_day_of_month(day) -%}
    last_day({{ day }})
{%- endmacro %}


{#- 365, or 366 in a leap year. -#}
{% macro days_in_year(year) -%}
    case when {{ year }} % 4 = 0 and ({{ year }} % 100 <> 0 or {{ year }} % 400 = 0) then 366 else 365 end
{%- endmacro %}
