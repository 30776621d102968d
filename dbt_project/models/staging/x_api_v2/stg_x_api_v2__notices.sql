with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

notices as (

    select * from {{ source('raw', 'x_api_v2_notices') }}

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
        {{ parse_x_time('notices.told_at') }} as told_at

    from notices

    inner join captures
        on notices.capture_id = captures.capture_id

)

select * from notices_renamed
