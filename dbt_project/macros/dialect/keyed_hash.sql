{#- HMAC-SHA-256 of a text with the key of the data folder, its first 32 hex digits: 128 bits, as long as the MD5 of before. The key
    is two variables of the connection (`orchestration/privacy/key.py`), so that no SQL, log, manifest or database holds it; without
    them the first row raises an error. -#}
{% macro keyed_hash(text) -%}
    {{ return(adapter.dispatch('keyed_hash')(text)) }}
{%- endmacro %}


{% macro duckdb__keyed_hash(text) -%}
    left(sha256({{ key_part('outer') }} || unhex(sha256({{ key_part('inner') }} || encode({{ text }})))), 32)
{%- endmacro %}


{% macro key_part(part) -%}
    coalesce(cast(getvariable('suara_key_{{ part }}') as blob), cast(error('the key behind the pseudonyms is missing') as blob))
{%- endmacro %}
