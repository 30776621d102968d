{#- How programs damage the long ids of X, and how damage is told from chance. Shares were measured on 1,561 undamaged ids
    and on six packages (the limits stand once more, with their reasons, in `expectations/thresholds.py`; a test compares).

    Excel keeps 15 digits, JavaScript prints 16 to 17, a 64-bit float holds 53 bits: none of them changes what lies above
    the lowest 22 bits, so that the time in the id stays true. Scientific notation (`1.23457E+18`) keeps six digits, and
    no time. -#}
{% macro id_damage_limits() -%}
    {{ return({
        'excel_id_share_max': 0.3,
        'javascript_id_share_max': 0.3,
        'float_id_share_max': 0.99,
        'damaged_id_n_min': 20,
        'float_id_n_min': 100,
    }) }}
{%- endmacro %}


{#- The id as a number; null where it is none. -#}
{% macro id_number(post_id) -%}
    try_cast({{ post_id }} as bigint)
{%- endmacro %}


{#- True for `1.23457E+18`, as a spreadsheet shows a long number, and `1.23457e18`, as a program prints one: too few digits
    to tell a time. The long pattern is asked only where it can hold. -#}
{% macro is_scientific_id(post_id) -%}
    (
        contains(upper(coalesce({{ post_id }}, '')), 'E')
        and length({{ post_id }}) < 18
        and {{ regex_match(post_id, '^[0-9]([.,][0-9]+)?[eE][+]?[0-9]{1,2}$') }}
    )
{%- endmacro %}


{#- True for the same written out: six zeros and more, as an undamaged id ends once in a million. -#}
{% macro is_coarse_number(number) -%}
    ({{ number }} >= 10000000000000000 and {{ number }} % 1000000 = 0)
{%- endmacro %}


{#- 15 digits and zeros. Ids of 17 digits and more show it, by chance 1 of 100 and fewer; of ids of 16 digits (November 2010)
    1 of 10 ends so anyway: they are judged only where the long ones have shown the damage. -#}
{% macro is_excel_id(number) -%}
    case
        when {{ number }} >= 1000000000000000000 then {{ number }} % 10000 = 0
        when {{ number }} >= 100000000000000000 then {{ number }} % 1000 = 0
        when {{ number }} >= 10000000000000000 then {{ number }} % 100 = 0
        when {{ number }} >= 1000000000000000 then {{ number }} % 10 = 0
        else false
    end
{%- endmacro %}


{#- Equal to its own 64-bit float. By chance 3 to 8 of 10 ids. -#}
{% macro is_float_id(number) -%}
    ({{ number }} >= 10000000000000000 and cast(cast({{ number }} as double) as bigint) = {{ number }})
{%- endmacro %}


{#- The shortest digits that give the same float, then zeros: what JavaScript prints. By chance 2 of 100 ids. -#}
{% macro is_javascript_id(number) -%}
    (
        {{ number }} >= 10000000000000000
        and try_cast(cast(cast({{ number }} as double) as varchar) as bigint) = {{ number }}
    )
{%- endmacro %}


{#- An id for a post whose own is lost: from what is known of the post, never from its position in a file. -#}
{% macro surrogate_post_id(platform, author, moment) -%}
    concat('unknown:', md5(concat({{ platform }}, '|', coalesce({{ author }}, ''), '|', {{ moment }})))
{%- endmacro %}


{#- What two programs leave alike at the start of a post's text: neither `RT @…:`, nor a link (each writes them otherwise),
    nor what stands behind a cut. -#}
{% macro text_stub(text) -%}
    trim(split_part(split_part({{ regex_replace_all(text, '^RT @[A-Za-z0-9_]+: ', '') }}, '…', 1), 'http', 1))
{%- endmacro %}


{#- What an author is known by, as a list: two records are of one author when they have one of these in common. -#}
{% macro author_marks(account_id, handle) -%}
    {{ list_of([
        "case when " ~ account_id ~ " is not null then concat('id:', " ~ account_id ~ ") end",
        "case when " ~ handle ~ " is not null then concat('@', lower(" ~ handle ~ ")) end",
    ]) }}
{%- endmacro %}
