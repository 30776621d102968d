{#- What an API of X says beside posts that deletes none: places that go, accounts that are there again. -#}
{% macro notices_of(family) -%}
with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

notices as (

    select * from {{ source('raw', family ~ '_notices') }}

),

notices_renamed as (

    select
        ---------- ids
        notices.capture_id,
        notices.record_no,
        captures.platform,
        case when coalesce(notices.names, 'post') = 'post' then notices.id end as post_id,
        case when coalesce(notices.names, 'account') = 'account' then notices.id end as account_id,
        notices.up_to_id as up_to_post_id,

        ---------- strings
        notices.reason,

        ---------- timestamps
        coalesce(
            {{ timestamp_from_epoch_ms('try_cast(notices.told_at as bigint)') }},
            {{ parse_x_time('notices.told_at') }}
        ) as told_at

    from notices

    inner join captures
        on notices.capture_id = captures.capture_id

)

select * from notices_renamed
{%- endmacro %}
