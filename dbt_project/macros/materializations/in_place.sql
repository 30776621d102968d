{#- Tables and views replace the one before in its place, in one transaction. dbt builds beside it, renames twice and
    drops, so that readers of a live database never miss a table; here nobody reads a candidate before its gate is
    open, and one that fails is thrown away whole. -#}
{% macro drop_the_one_before() -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is not none -%}
        {%- call statement('drop_the_one_before') -%}
            drop {{ existing.type }} if exists {{ existing }}
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}


{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- do run_hooks(pre_hooks) -%}
    {%- do drop_the_one_before() -%}
    {%- call statement('main', language=model['language']) -%}
        {{- create_table_as(false, target_relation, compiled_code, model['language']) -}}
    {%- endcall -%}
    {%- do run_hooks(post_hooks) -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% materialization view, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- do run_hooks(pre_hooks) -%}
    {%- do drop_the_one_before() -%}
    {%- call statement('main') -%}
        {{- get_create_view_as_sql(target_relation, sql) -}}
    {%- endcall -%}
    {%- do run_hooks(post_hooks) -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
