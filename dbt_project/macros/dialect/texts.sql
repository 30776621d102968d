{#- What asking for the language of a text needs of an engine. -#}

{#- A key of a text, the same on every engine. -#}
{% macro text_hash(text) -%}
    {{ return(adapter.dispatch('text_hash')(text)) }}
{%- endmacro %}


{% macro duckdb__text_hash(text) -%}
    md5({{ text }})
{%- endmacro %}


{#- Whether a text has lines, or parts between the signs with which people set one language beside another: `Indonesian | English`.
    The same separators as in `orchestration.text.language`. -#}
{% macro has_segments(text) -%}
    {{ regex_match(text, '[\\r\\n]|\\s(?:[|/•–—]|//|\\|\\|)\\s') }}
{%- endmacro %}
