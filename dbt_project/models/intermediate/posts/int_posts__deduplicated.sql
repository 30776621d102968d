{#- A view: the one wide copy of the posts is `fct_posts`. -#}
{{ config(materialized='view') }}

{% set account_id -%}
    case when decided_records.is_repaired then decided_records.account_id else posts.account_id end
{%- endset -%}

with

posts as (

    select * from {{ ref('int_posts__unioned') }}

),

ids_of_handles as (

    select * from {{ ref('int_accounts__ids_of_handles') }}

),

-- Only the records that need a decision or a repair are looked up; every other record is the only one of its post, and
-- right as it was delivered.
decided_records as (

    select
        observations.capture_id,
        observations.record_no,
        observations.source,
        observations.outcome,
        observations.observation_count,
        observations.post_id_status,
        observations.posted_at_basis,
        repairs.capture_id is not null as is_repaired,
        repairs.post_id,
        repairs.account_id,
        repairs.posted_at,
        repairs.posted_at_precision,
        {% for metric in metric_columns() -%}
        observations.{{ metric }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_posts__observations') }} as observations

    left join {{ ref('int_posts__repaired') }} as repairs
        on observations.capture_id = repairs.capture_id
        and observations.record_no = repairs.record_no
        and observations.source = repairs.source

    where observations.outcome <> 'kept'
        or observations.observation_count > 1
        or observations.post_id_status <> 'exact'
        or observations.posted_at_basis <> 'stated'

),

posts_decided as (

    select
        {{ post_key('posts.platform', 'coalesce(decided_records.post_id, posts.post_id)') }} as post_key,
        {% for column in post_contract_columns() -%}
        {% if column in ['post_id', 'posted_at', 'posted_at_precision'] -%}
        coalesce(decided_records.{{ column }}, posts.{{ column }}) as {{ column }},
        {% elif column == 'account_id' -%}
        {{ account_id }} as account_id,
        case when {{ account_id }} is null then lower(posts.handle) end as handle_without_id,
        {% elif column == 'version_group' -%}
        case
            when decided_records.post_id_status <> 'exact' then decided_records.post_id
            else posts.version_group
        end as version_group,
        {% elif column in metric_columns() -%}
        case when posts.kind <> 'repost' then coalesce(posts.{{ column }}, decided_records.{{ column }}) end as {{ column }},
        {% else -%}
        posts.{{ column }},
        {% endif -%}
        {% endfor -%}
        coalesce(decided_records.observation_count, 1) as observation_count,
        coalesce(decided_records.post_id_status, 'exact') as post_id_status,
        coalesce(decided_records.posted_at_basis, 'stated') as posted_at_basis

    from posts

    left join decided_records
        on posts.capture_id = decided_records.capture_id
        and posts.record_no = decided_records.record_no
        and posts.source = decided_records.source

    where decided_records.outcome is null
        or decided_records.outcome = 'kept'

),

posts_kept as (

    select
        posts_decided.* exclude (account_id, handle_without_id),
        coalesce(posts_decided.account_id, ids_of_handles.account_id) as account_id

    from posts_decided

    left join ids_of_handles
        on posts_decided.platform = ids_of_handles.platform
        and posts_decided.handle_without_id = ids_of_handles.folded_handle

)

select * from posts_kept
