{#- A fast 64-bit hash of several columns, for grouping only: it differs between engines and is never stored. -#}
{% macro row_hash(expressions) -%}
    {{ return(adapter.dispatch('row_hash')(expressions)) }}
{%- endmacro %}


{% macro duckdb__row_hash(expressions) -%}
    hash({{ expressions | join(', ') }})
{%- endmacro %}


{#- A text as a number of 16 bytes, the same in every version of every engine (MD5): it is kept and compared with later ones. -#}
{% macro text_fingerprint(text) -%}
    {{ return(adapter.dispatch('text_fingerprint')(text)) }}
{%- endmacro %}


{% macro duckdb__text_fingerprint(text) -%}
    md5_number({{ text }})
{%- endmacro %}
