{#- Lists and structs: every engine has them, each spells them its own way. -#}

{#- One expression for each element; `element` is the name the expression uses. -#}
{% macro list_map(list, element, expression) -%}
    {{ return(adapter.dispatch('list_map')(list, element, expression)) }}
{%- endmacro %}


{% macro duckdb__list_map(list, element, expression) -%}
    list_transform({{ list }}, lambda {{ element }}: {{ expression }})
{%- endmacro %}


{% macro list_keep(list, element, condition) -%}
    {{ return(adapter.dispatch('list_keep')(list, element, condition)) }}
{%- endmacro %}


{% macro duckdb__list_keep(list, element, condition) -%}
    list_filter({{ list }}, lambda {{ element }}: {{ condition }})
{%- endmacro %}


{#- The element at a 1-based position; -1 is the last; null beyond the end. -#}
{% macro list_item(list, position) -%}
    {{ return(adapter.dispatch('list_item')(list, position)) }}
{%- endmacro %}


{% macro duckdb__list_item(list, position) -%}
    list_extract({{ list }}, {{ position }})
{%- endmacro %}


{% macro list_size(list) -%}
    {{ return(adapter.dispatch('list_size')(list)) }}
{%- endmacro %}


{% macro duckdb__list_size(list) -%}
    cast(len({{ list }}) as bigint)
{%- endmacro %}


{% macro empty_list(type) -%}
    {{ return(adapter.dispatch('empty_list')(type)) }}
{%- endmacro %}


{% macro duckdb__empty_list(type) -%}
    cast([] as {{ type }})
{%- endmacro %}


{#- A struct from pairs of field name and expression. -#}
{% macro struct_of(pairs) -%}
    {{ return(adapter.dispatch('struct_of')(pairs)) }}
{%- endmacro %}


{% macro duckdb__struct_of(pairs) -%}
    {
    {%- for name, expression in pairs -%}
        '{{ name }}': {{ expression }}{{ ', ' if not loop.last }}
    {%- endfor -%}
    }
{%- endmacro %}


{#- A JSON object from pairs of key and expression. -#}
{% macro json_of(pairs) -%}
    {{ return(adapter.dispatch('json_of')(pairs)) }}
{%- endmacro %}


{% macro duckdb__json_of(pairs) -%}
    json_object(
    {%- for name, expression in pairs -%}
        '{{ name }}', {{ expression }}{{ ', ' if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro %}


{#- The parts of a text between separators. -#}
{% macro split_list(text, separator) -%}
    {{ return(adapter.dispatch('split_list')(text, separator)) }}
{%- endmacro %}


{% macro duckdb__split_list(text, separator) -%}
    string_split({{ text }}, '{{ separator }}')
{%- endmacro %}


{#- A list of expressions. -#}
{% macro list_of(expressions) -%}
    {{ return(adapter.dispatch('list_of')(expressions)) }}
{%- endmacro %}


{% macro duckdb__list_of(expressions) -%}
    [{{ expressions | join(', ') }}]
{%- endmacro %}


{#- Several lists one behind the other. -#}
{% macro list_joined(lists) -%}
    {{ return(adapter.dispatch('list_joined')(lists)) }}
{%- endmacro %}


{% macro duckdb__list_joined(lists) -%}
    list_concat({{ lists | join(', ') }})
{%- endmacro %}


{#- The elements of all lists of a list. -#}
{% macro list_flattened(list) -%}
    {{ return(adapter.dispatch('list_flattened')(list)) }}
{%- endmacro %}


{% macro duckdb__list_flattened(list) -%}
    flatten({{ list }})
{%- endmacro %}


{#- A list of one value, so many times. -#}
{% macro list_repeated(value, times) -%}
    {{ return(adapter.dispatch('list_repeated')(value, times)) }}
{%- endmacro %}


{% macro duckdb__list_repeated(value, times) -%}
    list_transform(range(cast({{ times }} as bigint)), lambda i: {{ value }})
{%- endmacro %}


{#- Whether a list holds a value. -#}
{% macro list_holds(list, value) -%}
    {{ return(adapter.dispatch('list_holds')(list, value)) }}
{%- endmacro %}


{% macro duckdb__list_holds(list, value) -%}
    coalesce(list_contains({{ list }}, {{ value }}), false)
{%- endmacro %}


{#- One value of each row of a group as a list, sorted. Sorted afterwards: an ordered aggregate costs eight times as much
    (6.3 s instead of 0.8 s of CPU for 1.4 M rows in 700,000 groups, 2026-11-26). -#}
{% macro list_collected(value) -%}
    {{ return(adapter.dispatch('list_collected')(value)) }}
{%- endmacro %}


{% macro duckdb__list_collected(value) -%}
    list_sort(list({{ value }}))
{%- endmacro %}


{#- One text of each row of a group, sorted, as one text; null where every one is null. Sorted as a list, for the reason
    above. -#}
{% macro texts_collected(value, separator='; ') -%}
    {{ return(adapter.dispatch('texts_collected')(value, separator)) }}
{%- endmacro %}


{% macro duckdb__texts_collected(value, separator) -%}
    nullif(array_to_string(list_sort(list({{ value }}) filter (where {{ value }} is not null)), '{{ separator }}'), '')
{%- endmacro %}
