with

captures as (

    select * from {{ ref('stg_suara__captures') }}

),

windows as (

    select * from {{ ref('int_accounts__coverage') }}

),

accounts as (

    select
        account_key,
        is_registered,
        {{ has_rows_of_its_own() }} as is_told_apart

    from {{ ref('dim_accounts') }}

),

-- when somebody wrote whom reports do not tell apart is said of nobody, so not of a capture with no other posts
posts_by_capture as (

    select
        windows.capture_id,
        max(case when accounts.is_told_apart then windows.suspected_cap end) as suspected_cap,
        min(case
            when accounts.is_told_apart
                then {{ shown_time('windows.first_posted_at', 'cast(windows.first_posted_at as date)', 'accounts.is_registered') }}
        end) as first_posted_at,
        max(case
            when accounts.is_told_apart
                then {{ shown_time('windows.last_posted_at', 'cast(windows.last_posted_at as date)', 'accounts.is_registered') }}
        end) as last_posted_at,
        bool_or(windows.basis <> 'sample' and not accounts.is_told_apart) as is_of_one_private_account

    from windows

    inner join accounts
        on windows.account_key = accounts.account_key

    group by 1

),

handles as (

    select folded_handle
    from {{ ref('int_accounts__handles') }}
    where account_key not in (select account_key from accounts where is_registered)
        -- shorter ones are in every other word
        and length(folded_handle) >= 4

),

captures_named_after_persons as (

    select distinct captures.capture_id

    from captures

    inner join handles
        on strpos(lower(captures.file_name), handles.folded_handle) > 0

),

-- an owner that is not registered is a person like any other
owners as (

    select
        *,
        {{ account_key('platform', 'owner_account_id', 'owner_handle') }} as account_key

    from captures

),

captures_of_owners as (

    select
        owners.*,
        coalesce(accounts.is_registered, false) as is_registered,
        coalesce(accounts.is_told_apart, false) as is_told_apart,
        -- what was delivered, and what is in it, may be called after anybody, also after whoever no layer knows
        coalesce(accounts.is_registered, false) and captures_named_after_persons.capture_id is null as has_shown_names,
        posts_by_capture.suspected_cap,
        posts_by_capture.first_posted_at,
        posts_by_capture.last_posted_at,
        coalesce(posts_by_capture.is_of_one_private_account, false) as is_of_one_private_account

    from owners

    left join posts_by_capture
        on owners.capture_id = posts_by_capture.capture_id

    left join captures_named_after_persons
        on owners.capture_id = captures_named_after_persons.capture_id

    left join accounts
        on owners.account_key = accounts.account_key

),

outcomes as (

    select
        ---------- ids
        capture_id,
        {{ shown('owner_account_id', 'is_registered') }} as owner_account_id,

        ---------- strings
        case when has_shown_names then file_name else concat('capture ', left(capture_id, 12)) end as file_name,
        source,
        platform,
        case
            when is_registered then owner_handle
            when is_told_apart then {{ pseudonym('platform', 'owner_handle') }}
        end as owner_handle,
        observed_at_basis,
        encoding,
        status,
        case
            when has_shown_names or status_decided_by = 'rule' then status_reason
            when status_reason is null then null
            when status_decided_by = 'user' then 'decided by name'
            -- `gate raw: ids_well_formed: expected …`: which checks failed, without what they found
            when starts_with(status_reason, 'gate ')
                then {{ list_as_text(regex_groups('status_reason', '(^gate [a-z]+: [a-z0-9_]+|; [a-z0-9_]+): expected', 1)) }}
            else 'it cannot be read'
        end as status_reason,
        status_decided_by,
        suspected_cap,

        ---------- numerics
        byte_size,
        delivered_count,
        loaded_count,
        rejected_count,
        {{ shown('owner_post_count', 'is_told_apart') }} as owner_post_count,

        ---------- booleans
        is_census,
        coalesce(is_synthetic, false) as is_synthetic,
        is_of_one_private_account,

        ---------- times
        {{ shown(shown_time('coverage_from', 'cast(coverage_from as date)', 'is_registered'), 'is_told_apart') }} as coverage_from,
        {{ shown(shown_time('coverage_to', 'cast(coverage_to as date)', 'is_registered'), 'is_told_apart') }} as coverage_to,
        first_posted_at,
        last_posted_at,
        observed_at,
        received_at

    from captures_of_owners

)

select * from outcomes
order by capture_id
