with

captures as (

    select * from {{ ref('stg_suara__captures') }}

),

windows as (

    select * from {{ ref('int_accounts__coverage') }}

),

posts_by_capture as (

    select
        capture_id,
        max(suspected_cap) as suspected_cap,
        min(first_posted_at) as first_posted_at,
        max(last_posted_at) as last_posted_at

    from windows

    group by 1

),

outcomes as (

    select
        ---------- ids
        captures.capture_id,
        captures.owner_account_id,

        ---------- strings
        file_name,
        source,
        platform,
        owner_handle,
        observed_at_basis,
        encoding,
        status,
        status_reason,
        status_decided_by,
        posts_by_capture.suspected_cap,

        ---------- numerics
        byte_size,
        delivered_count,
        loaded_count,
        rejected_count,
        owner_post_count,

        ---------- booleans
        is_census,
        coalesce(is_synthetic, false) as is_synthetic,

        ---------- times
        coverage_from,
        coverage_to,
        posts_by_capture.first_posted_at,
        posts_by_capture.last_posted_at,
        observed_at,
        received_at

    from captures

    left join posts_by_capture
        on captures.capture_id = posts_by_capture.capture_id

)

select * from outcomes
order by capture_id
