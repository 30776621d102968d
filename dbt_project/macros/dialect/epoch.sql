{#- Milliseconds since 1970 as a UTC instant, and back. -#}
{% macro timestamp_from_epoch_ms(milliseconds) -%}
    {{ return(adapter.dispatch('timestamp_from_epoch_ms')(milliseconds)) }}
{%- endmacro %}


{% macro duckdb__timestamp_from_epoch_ms(milliseconds) -%}
    (epoch_ms(cast({{ milliseconds }} as bigint)) at time zone 'UTC')
{%- endmacro %}


{% macro epoch_ms_from_timestamp(moment) -%}
    {{ return(adapter.dispatch('epoch_ms_from_timestamp')(moment)) }}
{%- endmacro %}


{% macro duckdb__epoch_ms_from_timestamp(moment) -%}
    epoch_ms({{ moment }})
{%- endmacro %}


{#- Whole days that passed between two instants. -#}
{% macro days_between(earlier, later) -%}
    ({{ epoch_ms_from_timestamp(later) }} - {{ epoch_ms_from_timestamp(earlier) }}) // 86400000
{%- endmacro %}
