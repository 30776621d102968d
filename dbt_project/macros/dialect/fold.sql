{#- Lower case and NFC, the same on every engine: a dotted capital I and a final sigma are the two letters on which
    engines disagree. One character stays one character except where NFC joins it with its accent. -#}
{% macro fold(text) -%}
    {{ return(adapter.dispatch('fold')(text)) }}
{%- endmacro %}


{% macro duckdb__fold(text) -%}
    nfc_normalize(translate(lower(translate({{ text }}, 'İ', 'i')), 'ς', 'σ'))
{%- endmacro %}


{#- Letters without their accents. -#}
{% macro without_accents(text) -%}
    {{ return(adapter.dispatch('without_accents')(text)) }}
{%- endmacro %}


{% macro duckdb__without_accents(text) -%}
    strip_accents({{ text }})
{%- endmacro %}
