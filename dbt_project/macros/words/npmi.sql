{#- Normalised pointwise mutual information of two words (Bouma 2009): 1 where each stands only with the other, 0 where they meet
    as often as chance lets them, towards -1 where they avoid each other. A pair of all posts is no more than chance. -#}
{% macro npmi(together, one, other, all_posts) -%}
    case
        when {{ together }} = {{ all_posts }} then 0.0
        else ln(cast({{ together }} as double) * {{ all_posts }} / (cast({{ one }} as double) * {{ other }}))
            / -ln(cast({{ together }} as double) / {{ all_posts }})
    end
{%- endmacro %}
