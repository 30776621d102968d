with

captures as (

    select * from {{ ref('stg_suara__captures') }}

),

outcomes as (

    select
        ---------- ids
        capture_id,
        owner_account_id,

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

        ---------- numerics
        byte_size,
        delivered_count,
        loaded_count,
        rejected_count,

        ---------- booleans
        is_census,
        coalesce(is_synthetic, false) as is_synthetic,

        ---------- times
        coverage_from,
        coverage_to,
        observed_at,
        received_at

    from captures

)

select * from outcomes
order by capture_id
