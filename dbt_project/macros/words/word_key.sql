{#- A word is its language and its stem: `program` of Indonesian is not `program` of English. -#}
{% macro word_key(language, stem) -%}
    md5(concat({{ language }}, ':', {{ stem }}))
{%- endmacro %}
