{#- Texts measured in bytes of UTF-8. -#}

{#- How many bytes a text has. -#}
{% macro utf8_length(text) -%}
    {{ return(adapter.dispatch('utf8_length')(text)) }}
{%- endmacro %}


{% macro duckdb__utf8_length(text) -%}
    strlen({{ text }})
{%- endmacro %}


{#- How many code points stand before a byte; null when the byte lies within a character. -#}
{% macro code_points_before_byte(text, byte) -%}
    {{ return(adapter.dispatch('code_points_before_byte')(text, byte)) }}
{%- endmacro %}


{% macro duckdb__code_points_before_byte(text, byte) -%}
    case
        when {{ byte }} = 0 then 0
        else length(try(decode(array_slice(encode({{ text }}), 1, {{ byte }}))))
    end
{%- endmacro %}
