with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

missing as (

    -- of the other problems a page tells (a suspended author, a protected account) none says that a post is gone
    select * from {{ source('raw', 'x_api_v2_missing') }}
    where resource_type = 'tweet'
        and ends_with("type", 'resource-not-found')

),

missing_renamed as (

    select
        ---------- ids
        missing.capture_id,
        missing.record_no,
        captures.platform,
        missing.resource_id as post_id,
        cast(null as varchar) as account_id,

        ---------- timestamps
        cast(null as timestamptz) as posted_at,
        coalesce({{ parse_x_time('missing.retrieved_at') }}, captures.observed_at) as deleted_at

    from missing

    inner join captures
        on missing.capture_id = captures.capture_id

)

select * from missing_renamed
