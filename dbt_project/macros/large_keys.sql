{#- The key of a large fact (`meta: {key: tested}`) is declared in its contract and tested, but not built as an index in the
    warehouse. Measured on 1 million posts, 2026-11-23: the index on `fct_posts` costs 4 s of CPU and keeps the insert on
    one thread, the test 0.3 s; on 452,000 rows of `fct_post_hashtags` 2.5 s and 0.13 s. A candidate whose test fails is
    never promoted, and the published file has the key itself, so it is built once. -#}
{% macro duckdb__get_table_columns_and_constraints() -%}
    {%- set columns = adapter.render_raw_columns_constraints(raw_columns=model['columns']) -%}
    {%- set declared = model['constraints'] -%}
    {%- if config.get('meta', {}).get('key') == 'tested' -%}
        {%- set declared = declared | rejectattr('type', 'equalto', 'primary_key') | list -%}
    {%- endif -%}
    {%- set constraints = adapter.render_raw_model_constraints(raw_constraints=declared) -%}
    (
        {{ (columns + constraints) | join(',\n        ') }}
    )
{%- endmacro %}
