{#- The three ways in which X prints a time; null when it is none of them. A time without an offset is UTC: X writes no
    other, and the session's zone must never matter. -#}
{% macro parse_x_time(text) -%}
    {{ return(adapter.dispatch('parse_x_time')(text)) }}
{%- endmacro %}


{% macro duckdb__parse_x_time(text) -%}
    (
        case
            when {{ text }} is null then null
            -- 2021-09-22T16:38:35.000Z
            when right({{ text }}, 1) = 'Z' then try_cast({{ text }} as timestamptz)
            -- Wed Oct 10 20:19:24 +0000 2018
            when substr({{ text }}, 4, 1) = ' ' then try_strptime({{ text }}, '%a %b %d %H:%M:%S %z %Y')
            -- 2015-01-24 02:02:37 +0000
            when substr({{ text }}, 20, 2) in (' +', ' -')
                then try_cast(
                    concat(substr({{ text }}, 1, 19), substr({{ text }}, 21, 3), ':', substr({{ text }}, 24, 2))
                    as timestamptz
                )
            -- 2022-10-03T18:00:57+00:00
            when strpos(substr({{ text }}, 20), '+') > 0 or strpos(substr({{ text }}, 20), '-') > 0
                then try_cast({{ text }} as timestamptz)
            else try_cast(concat({{ text }}, 'Z') as timestamptz)
        end
    )
{%- endmacro %}
