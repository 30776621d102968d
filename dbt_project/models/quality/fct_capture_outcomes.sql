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

handles as (

    select folded_handle
    from {{ ref('int_accounts__handles') }}
    where account_key not in (select account_key from {{ ref('dim_accounts') }} where is_registered)
        -- shorter ones are in every other word
        and length(folded_handle) >= 4

),

captures_named_after_persons as (

    select distinct captures.capture_id

    from captures

    inner join handles
        on strpos(lower(captures.file_name), handles.folded_handle) > 0

),

-- an owner that is not registered is a person like any other, also in the name of the file
owners as (

    select
        *,
        {{ account_key('platform', 'owner_account_id', 'owner_handle') }} as account_key

    from captures

),

registered_accounts as (

    select account_key
    from {{ ref('dim_accounts') }}
    where is_registered

),

captures_of_owners as (

    select
        owners.*,
        registered_accounts.account_key is not null as is_registered,
        captures_named_after_persons.capture_id is not null as is_named_after_a_person,
        posts_by_capture.suspected_cap,
        posts_by_capture.first_posted_at,
        posts_by_capture.last_posted_at

    from owners

    left join posts_by_capture
        on owners.capture_id = posts_by_capture.capture_id

    left join captures_named_after_persons
        on owners.capture_id = captures_named_after_persons.capture_id

    left join registered_accounts
        on owners.account_key = registered_accounts.account_key

),

outcomes as (

    select
        ---------- ids
        capture_id,
        {{ shown('owner_account_id', 'is_registered') }} as owner_account_id,

        ---------- strings
        case when is_named_after_a_person then concat('capture ', left(capture_id, 12)) else file_name end as file_name,
        source,
        platform,
        case when is_registered then owner_handle else {{ pseudonym('platform', 'owner_handle') }} end as owner_handle,
        observed_at_basis,
        encoding,
        status,
        status_reason,
        status_decided_by,
        suspected_cap,

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
        {{ shown_time('first_posted_at', 'cast(first_posted_at as date)', 'is_registered') }} as first_posted_at,
        {{ shown_time('last_posted_at', 'cast(last_posted_at as date)', 'is_registered') }} as last_posted_at,
        observed_at,
        received_at

    from captures_of_owners

)

select * from outcomes
order by capture_id
