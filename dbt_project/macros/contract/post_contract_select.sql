{#- The type of each column of the post contract. -#}
{% macro post_contract_type(column) -%}
    {%- if column in ['record_no'] + metric_columns() -%} bigint
    {%- elif column in ['posted_at', 'observed_at'] -%} timestamptz
    {%- elif column == 'text_is_complete' -%} boolean
    {%- elif column == 'hashtags' -%} {{ hashtags_type() }}
    {%- elif column == 'mentions' -%} {{ mentions_type() }}
    {%- elif column == 'links' -%} {{ links_type() }}
    {%- elif column == 'media_types' -%} varchar[]
    {%- elif column == 'source_metadata' -%} json
    {%- else -%} varchar
    {%- endif -%}
{%- endmacro %}


{#- The select list of a staging model that fills a part of the contract: a dict of contract column and expression. The
    columns that it does not name are null, which says that the source does not observe them. Without a group of its own a
    post is its only version. -#}
{% macro post_contract_select(expressions) -%}
    {%- set columns = post_contract_columns() -%}
    {%- set needed = ['capture_id', 'record_no', 'source', 'platform', 'post_id', 'posted_at', 'posted_at_precision', 'kind', 'text'] -%}
    {%- for column in expressions if column not in columns -%}
        {{ exceptions.raise_compiler_error(column ~ ' is no column of the post contract: ' ~ columns | join(', ')) }}
    {%- endfor -%}
    {%- for column in needed if column not in expressions -%}
        {{ exceptions.raise_compiler_error('the post contract needs ' ~ column ~ ' from every source') }}
    {%- endfor -%}
    {%- for column in columns %}
    cast({{ expressions.get(column, expressions['post_id'] if column == 'version_group' else 'null') }} as {{ post_contract_type(column) }}) as {{ column }}
    {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
