{#- What finding names in texts needs of an engine. -#}

{#- The 1-based places at which a list of words stands in another. -#}
{% macro places_of_words(words, looked_for) -%}
    {{ return(adapter.dispatch('places_of_words')(words, looked_for)) }}
{%- endmacro %}


{% macro duckdb__places_of_words(words, looked_for) -%}
    list_filter(
        range(1, len({{ words }}) - len({{ looked_for }}) + 2),
        lambda i: ({{ words }})[i] = ({{ looked_for }})[1]
            and ({{ words }})[i:i + len({{ looked_for }}) - 1] = {{ looked_for }}
    )
{%- endmacro %}


{#- Each two words of a list that stand beside each other, with a blank between; the list is a column. -#}
{% macro word_pairs(words) -%}
    {{ return(adapter.dispatch('word_pairs')(words)) }}
{%- endmacro %}


{% macro duckdb__word_pairs(words) -%}
    list_transform(range(1, len({{ words }})), lambda i: concat(({{ words }})[i], ' ', ({{ words }})[i + 1]))
{%- endmacro %}


{#- How long the first texts of a list are together. -#}
{% macro length_of_first(texts, count) -%}
    {{ return(adapter.dispatch('length_of_first')(texts, count)) }}
{%- endmacro %}


{% macro duckdb__length_of_first(texts, count) -%}
    length(array_to_string(({{ texts }})[1:{{ count }}], ''))
{%- endmacro %}


{#- A text with the places of a list replaced. `places` is a list of structs `place_start`, `place_end` (0-based, in characters, the
    end not included) and `replacement`, in their order, none over another. -#}
{% macro with_replaced_places(text, places) -%}
    {{ return(adapter.dispatch('with_replaced_places')(text, places)) }}
{%- endmacro %}


{% macro duckdb__with_replaced_places(text, places) -%}
    concat(
        array_to_string(
            list_transform(
                range(1, len({{ places }}) + 1),
                lambda i: concat(
                    substring(
                        {{ text }},
                        1 + coalesce(({{ places }})[i - 1].place_end, 0),
                        ({{ places }})[i].place_start - coalesce(({{ places }})[i - 1].place_end, 0)
                    ),
                    ({{ places }})[i].replacement
                )
            ),
            ''
        ),
        substring({{ text }}, 1 + ({{ places }})[-1].place_end)
    )
{%- endmacro %}
