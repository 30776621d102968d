{#- The post contract: every `stg_<source>__posts` yields exactly these columns, in this order. -#}
{% macro post_contract_columns() -%}
    {{ return([
        'capture_id', 'record_no', 'source', 'platform', 'post_id', 'account_id', 'handle', 'account_name',
        'posted_at', 'posted_at_precision', 'observed_at', 'kind', 'text', 'text_is_complete', 'language',
        'reply_to_post_id', 'reply_to_account_id', 'reply_to_handle',
        'quoted_post_id', 'quoted_account_id', 'quoted_handle',
        'reposted_post_id', 'reposted_account_id', 'reposted_handle',
        'conversation_id', 'hashtags', 'mentions', 'links', 'media_types',
        'like_count', 'repost_count', 'reply_count', 'quote_count', 'bookmark_count', 'impression_count',
        'version_group', 'source_metadata',
    ]) }}
{%- endmacro %}


{% macro metric_columns() -%}
    {{ return([
        'like_count', 'repost_count', 'reply_count', 'quote_count', 'bookmark_count', 'impression_count'
    ]) }}
{%- endmacro %}


{% macro hashtags_type() -%} struct(tag varchar, "start" bigint, "end" bigint)[] {%- endmacro %}
{% macro mentions_type() -%} struct(handle varchar, account_id varchar, "start" bigint, "end" bigint)[] {%- endmacro %}
{% macro links_type() -%} struct(url varchar, expanded_url varchar)[] {%- endmacro %}


{#- A repost carries the counts of the original: they are never its own. -#}
{% macro own_metric(is_repost, expression) -%}
    case when not {{ is_repost }} then cast({{ expression }} as bigint) end
{%- endmacro %}


{% macro post_kinds() -%}
    {{ return(['original', 'reply', 'self_reply', 'quote', 'repost']) }}
{%- endmacro %}
