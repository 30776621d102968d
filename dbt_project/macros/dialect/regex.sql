{#- Patterns are constants of the model, written for RE2; engines differ in quoting and in what `replace` means. -#}
{% macro regex_match(text, pattern) -%}
    {{ return(adapter.dispatch('regex_match')(text, pattern)) }}
{%- endmacro %}


{% macro duckdb__regex_match(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}


{#- The numbered group of the first match; null when there is none. -#}
{% macro regex_group(text, pattern, group) -%}
    {{ return(adapter.dispatch('regex_group')(text, pattern, group)) }}
{%- endmacro %}


{% macro duckdb__regex_group(text, pattern, group) -%}
    nullif(regexp_extract({{ text }}, '{{ pattern }}', {{ group }}), '')
{%- endmacro %}


{#- Replaces every match. -#}
{% macro regex_replace_all(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('regex_replace_all')(text, pattern, replacement)) }}
{%- endmacro %}


{% macro duckdb__regex_replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}


{#- The numbered group of every match. -#}
{% macro regex_groups(text, pattern, group) -%}
    {{ return(adapter.dispatch('regex_groups')(text, pattern, group)) }}
{%- endmacro %}


{% macro duckdb__regex_groups(text, pattern, group) -%}
    regexp_extract_all({{ text }}, '{{ pattern }}', {{ group }})
{%- endmacro %}


{#- A text on one line: each run of line breaks and tabs is a blank. -#}
{% macro one_line(text) -%}
    {{ return(regex_replace_all(text, '[\\n\\r\\t]+', ' ')) }}
{%- endmacro %}
