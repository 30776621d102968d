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


{#- Acts of others on a post; impressions are what they are shares of. -#}
{% macro engagement_columns() -%}
    {{ return(metric_columns() | reject('equalto', 'impression_count') | list) }}
{%- endmacro %}


{#- The counts that are there, by name: `likes, reposts`. -#}
{% macro counts_stated(columns) -%}
    concat_ws(', '
        {%- for column in columns %},
        case when {{ column }} is not null then '{{ column | replace('reply_count', 'replie_count') | replace('_count', 's') }}' end
        {%- endfor %}
    )
{%- endmacro %}


{#- The sum of the counts that are there; null where none is. -#}
{% macro sum_of_known(columns) -%}
    case
        when coalesce({{ columns | join(', ') }}) is not null
            then {% for column in columns %}coalesce({{ column }}, 0){{ ' + ' if not loop.last }}{% endfor %}
    end
{%- endmacro %}


{#- A part of a whole that holds it; null where the whole is empty, or too small to hold it. -#}
{% macro share_up_to_one(part, whole) -%}
    case when {{ whole }} > 0 and {{ part }} <= {{ whole }} then {{ part }} / cast({{ whole }} as double) end
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


{#- What is attached to a post, as kinds that are known here: a table may say anything in the place of a kind. -#}
{% macro kinds_of_media(media_types) -%}
    {{ list_map(media_types, 'm', "case when lower(m) in ('photo', 'video', 'animated_gif', 'audio') then lower(m) else 'unknown' end") }}
{%- endmacro %}
