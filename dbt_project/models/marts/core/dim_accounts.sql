with

names as (

    select * from {{ ref('int_accounts__names') }}

),

handles as (

    select * from {{ ref('int_accounts__handles') }}

),

organisations as (

    select * from {{ ref('dim_organisations') }}

),

coverage_windows as (

    select * from {{ ref('int_accounts__coverage') }}

),

study as (

    select focal_handle, platform from {{ ref('int_studies__selected') }}

),

accounts as (

    select
        account_key,
        platform,
        max(account_id) as account_id,
        cast(sum(post_count) as bigint) as post_count,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at

    from names

    group by 1, 2

),

handles_ranked as (

    select
        account_key,
        handle,
        pseudonym,
        folded_handle,
        row_number() over (
            partition by account_key
            order by last_seen_at desc nulls last, folded_handle
        ) as handle_rank

    from handles

),

display_names_ranked as (

    select
        account_key,
        account_name,
        row_number() over (
            partition by account_key
            order by last_seen_at desc nulls last, account_name
        ) as name_rank

    from names

    where account_name is not null

),

-- an organisation is recognised by any handle that the account ever had
organisations_ranked as (

    select
        accounts.account_key,
        organisations.organisation_key,
        organisations.organisation_name,
        organisations.family,
        organisations.org_type,
        organisations.role,
        row_number() over (
            partition by accounts.account_key
            order by handles.last_seen_at desc nulls last, organisations.organisation_key
        ) as organisation_rank

    from accounts

    inner join handles
        on accounts.account_key = handles.account_key

    inner join organisations
        on accounts.platform = organisations.platform
        and handles.folded_handle = lower(organisations.handle)

),

capture_owners as (

    select distinct account_key
    from coverage_windows
    where basis in ('census', 'observed_span')

),

focal_accounts as (

    select distinct accounts.account_key

    from accounts

    inner join handles
        on accounts.account_key = handles.account_key

    inner join study
        on accounts.platform = study.platform
        and handles.folded_handle = lower(study.focal_handle)

),

accounts_described as (

    select
        accounts.account_key,
        accounts.account_id,
        organisations_ranked.organisation_key,
        accounts.platform,
        handles_ranked.handle,
        handles_ranked.pseudonym,
        display_names_ranked.account_name,
        organisations_ranked.organisation_name,
        organisations_ranked.family,
        coalesce(organisations_ranked.org_type, 'private_person') as org_type,
        coalesce(organisations_ranked.role, 'private_person') as role,
        accounts.post_count,
        organisations_ranked.organisation_key is not null as is_registered,
        capture_owners.account_key is not null as is_capture_owner,
        focal_accounts.account_key is not null as is_focal,
        accounts.first_seen_at,
        accounts.last_seen_at

    from accounts

    left join handles_ranked
        on accounts.account_key = handles_ranked.account_key
        and handles_ranked.handle_rank = 1

    left join display_names_ranked
        on accounts.account_key = display_names_ranked.account_key
        and display_names_ranked.name_rank = 1

    left join organisations_ranked
        on accounts.account_key = organisations_ranked.account_key
        and organisations_ranked.organisation_rank = 1

    left join capture_owners
        on accounts.account_key = capture_owners.account_key

    left join focal_accounts
        on accounts.account_key = focal_accounts.account_key

),

-- Only registered accounts appear by name. Everybody else keeps a key, which tells nothing without the key of the data folder, and
-- a name made with it.
accounts_shown as (

    select
        account_key,
        {{ shown('account_id', 'is_registered') }} as account_id,
        organisation_key,
        platform,
        case when is_registered then handle else pseudonym end as handle,
        {{ shown('account_name', 'is_registered') }} as account_name,
        organisation_name,
        family,
        org_type,
        role,
        -- how much one of all others wrote, and from when to when, is said of all together only
        {{ shown('post_count', has_rows_of_its_own()) }} as post_count,
        is_registered,
        is_capture_owner,
        is_focal,
        {{ shown(shown_time('first_seen_at', local_date('first_seen_at', "'UTC'"), 'is_registered'), has_rows_of_its_own()) }} as first_seen_at,
        {{ shown(shown_time('last_seen_at', local_date('last_seen_at', "'UTC'"), 'is_registered'), has_rows_of_its_own()) }} as last_seen_at

    from accounts_described

)

select * from accounts_shown
order by account_key
