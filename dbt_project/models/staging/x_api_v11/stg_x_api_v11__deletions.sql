with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

deletions as (

    select * from {{ source('raw', 'x_api_v11_deletions') }}

),

deletions_renamed as (

    select
        ---------- ids
        deletions.capture_id,
        deletions.record_no,
        captures.platform,
        deletions.id_str as post_id,
        deletions.user_id_str as account_id,

        ---------- strings
        {{ reason_of_deletion('deletions.reason') }} as reason,
        deletions.names as named_kind,

        ---------- timestamps
        {{ parse_x_time('deletions.created_at') }} as posted_at,
        coalesce(
            {{ timestamp_from_epoch_ms('try_cast(deletions.timestamp_ms as bigint)') }},
            {{ parse_x_time('deletions.redacted_at') }}
        ) as deleted_at

    from deletions

    inner join captures
        on deletions.capture_id = captures.capture_id

)

select * from deletions_renamed
