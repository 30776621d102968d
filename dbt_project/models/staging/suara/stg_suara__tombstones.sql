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
        case when kind in ('account', 'account_id') then value end as named_account_id,
        case when kind in ('account', 'account_handle') then value end as named_handle,

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
