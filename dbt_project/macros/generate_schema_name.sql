{#- A layer's schema is its word, not `<target schema>_<word>`: readers see the same names in every environment. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
