{#- Every relation is rendered as schema.table: a view that names its database breaks when the candidate file takes
    the warehouse's place under another stem. -#}
{% macro ref(model_name) -%}
    {%- set version = kwargs.get('version') or kwargs.get('v') -%}
    {%- if varargs -%}
        {%- set relation = builtins.ref(model_name, varargs[0], version=version) -%}
    {%- else -%}
        {%- set relation = builtins.ref(model_name, version=version) -%}
    {%- endif -%}
    {%- do return(relation.include(database=false)) -%}
{%- endmacro %}


{% macro source(source_name, table_name) -%}
    {%- do return(builtins.source(source_name, table_name).include(database=false)) -%}
{%- endmacro %}
