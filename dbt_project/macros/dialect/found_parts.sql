{#- A text in which every match of a pattern is replaced by an expression over its groups (`found_group(1)` …). The text up to the next
    match is put back behind it; it is one group more, and with `with_rest` the expression says what becomes of it. Two characters of the private use area, which texts do not hold, mark the places. -#}
{% macro replace_found(text, pattern, group_count, replacement, with_rest=false) -%}
    {{ return(adapter.dispatch('replace_found')(text, pattern, group_count, replacement, with_rest)) }}
{%- endmacro %}


{% macro duckdb__replace_found(text, pattern, group_count, replacement, with_rest) -%}
    array_to_string(
        list_transform(
            string_split(
                regexp_replace(
                    {{ text }},
                    '{{ pattern }}',
                    chr(57344) || {% for n in range(1, group_count + 1) %}'\{{ n }}' || chr(57345){{ ' || ' if not loop.last }}{% endfor %},
                    'g'
                ),
                chr(57344)
            ),
            lambda part: case
                when strpos(part, chr(57345)) > 0 then {{ replacement if with_rest else 'concat(' ~ replacement ~ ', ' ~ found_group(group_count + 1) ~ ')' }}
                else part
            end
        ),
        ''
    )
{%- endmacro %}


{% macro found_group(number) -%}
    {{ return(adapter.dispatch('found_group')(number)) }}
{%- endmacro %}


{% macro duckdb__found_group(number) -%}
    split_part(part, chr(57345), {{ number }})
{%- endmacro %}


{#- The first instant of a day of UTC. -#}
{% macro start_of_day(date) -%}
    {{ return(adapter.dispatch('start_of_day')(date)) }}
{%- endmacro %}


{% macro duckdb__start_of_day(date) -%}
    timezone('UTC', cast({{ date }} as timestamp))
{%- endmacro %}


{#- The different values of a group as a list, sorted. -#}
{% macro list_of_different(value) -%}
    {{ return(adapter.dispatch('list_of_different')(value)) }}
{%- endmacro %}


{% macro duckdb__list_of_different(value) -%}
    list_sort(list(distinct {{ value }}))
{%- endmacro %}


{#- The 1-based place of a value in a list; null or 0 where it is not in it. -#}
{% macro list_place(list, value) -%}
    {{ return(adapter.dispatch('list_place')(list, value)) }}
{%- endmacro %}


{% macro duckdb__list_place(list, value) -%}
    list_position({{ list }}, {{ value }})
{%- endmacro %}
