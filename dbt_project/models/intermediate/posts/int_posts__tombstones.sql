{#- A new source of deletions is one line here: its staging model, and why its posts are gone. -#}
{%- set deletions = [
    ('stg_x_archive__deletions', "'deleted'"),
    ('stg_x_api_v2__deletions', 'reason'),
    ('stg_x_api_v11__deletions', 'reason'),
    ('stg_x_api_v2__missing', "'not_found'"),
] -%}
with

{% for model, reason in deletions -%}
{{ model | replace('stg_', '') }} as (

    select
        capture_id,
        platform,
        post_id,
        account_id,
        {{ reason }} as reason,
        deleted_at

    from {{ ref(model) }}

    where post_id is not null
        {%- if model in ('stg_x_api_v2__deletions', 'stg_x_api_v11__deletions') %}
        -- a line of compliance may name an account, a message of a stream says so
        and coalesce(named_kind, 'post') = 'post'
        and (capture_id, record_no) not in (
            select capture_id, record_no from {{ ref('int_accounts__deletions') }}
            where record_no is not null
        )
        {%- endif %}

),

{% endfor -%}
-- deleted on request: no capture says so, the receipt does
requested as (

    select
        receipt_id as capture_id,
        platform,
        post_id,
        account_id,
        reason,
        coalesce(told_at, forgotten_at) as deleted_at

    from {{ ref('stg_suara__tombstones') }}

    where kind = 'post'
        and action = 'delete'

),

deletions_unioned as (

    {% for model, _ in deletions -%}
    select * from {{ model | replace('stg_', '') }}
    union all
    {% endfor -%}
    select * from requested
),

-- the same deletion may be told by several captures, and by one of them twice
tombstones as (

    select
        platform,
        post_id,
        reason,
        capture_id,
        max(account_id) as account_id,
        min(deleted_at) as deleted_at

    from deletions_unioned

    group by 1, 2, 3, 4

)

select * from tombstones
order by platform, post_id, reason, capture_id
