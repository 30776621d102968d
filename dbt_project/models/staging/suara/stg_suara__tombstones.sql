with

tombstones as (

    select * from {{ source('raw', 'tombstones') }}

),

tombstones_renamed as (

    select
        ---------- ids
        receipt_id,
        platform,
        case when kind = 'post' then value end as post_id,
        account_id,

        ---------- strings
        kind,
        reason,
        action,

        ---------- dates
        posted_month,

        ---------- timestamps
        {{ parse_iso_time('told_at') }} as told_at,
        forgotten_at

    from tombstones

)

select * from tombstones_renamed
