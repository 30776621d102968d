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

-- accounts of which a capture holds all posts, or nearly all posts of a capture
capture_owners as (

    select
        account_key,
        bool_or(is_owners_export) as is_handed_over

    from coverage_windows

    where basis in ('census', 'observed_span')

    group by 1

),

-- An account may be known by any handle that it ever had, unless another account had the same one. Then it is the one whose id is
-- registered, or the one whose owner handed its export over; where nothing says so, it is nobody.
handles_held as (

    select
        accounts.account_key,
        accounts.platform,
        handles.folded_handle,
        organisations.organisation_key,
        handles.last_seen_at,
        case
            when organisations.account_id is not null then coalesce(
                accounts.account_id = organisations.account_id,
                max(nullif(accounts.account_id, organisations.account_id)) over one_handle is null
            )
            else coalesce(min(accounts.account_id) over one_handle = max(accounts.account_id) over one_handle, true)
                or coalesce(capture_owners.is_handed_over, false)
        end as is_holder

    from accounts

    inner join handles
        on accounts.account_key = handles.account_key

    left join organisations
        on accounts.platform = organisations.platform
        and handles.folded_handle = lower(organisations.handle)

    left join capture_owners
        on accounts.account_key = capture_owners.account_key

    window one_handle as (partition by accounts.platform, handles.folded_handle)

),

-- an organisation is recognised by any handle that the account ever had, and by its id under every handle
organisations_recognised as (

    select
        account_key,
        organisation_key,
        last_seen_at

    from handles_held

    where is_holder
        and organisation_key is not null

    union all

    select
        accounts.account_key,
        organisations.organisation_key,
        accounts.last_seen_at

    from accounts

    inner join organisations
        on accounts.platform = organisations.platform
        and accounts.account_id = organisations.account_id

),

organisations_ranked as (

    select
        organisations_recognised.account_key,
        organisations.organisation_key,
        organisations.organisation_name,
        organisations.family,
        organisations.org_type,
        organisations.role,
        row_number() over (
            partition by organisations_recognised.account_key
            order by organisations_recognised.last_seen_at desc nulls last, organisations.organisation_key
        ) as organisation_rank

    from organisations_recognised

    inner join organisations
        on organisations_recognised.organisation_key = organisations.organisation_key

),

focal_accounts as (

    select distinct handles_held.account_key

    from handles_held

    inner join study
        on handles_held.platform = study.platform
        and handles_held.folded_handle = lower(study.focal_handle)

    where handles_held.is_holder

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
        -- a file with the posts of one account is a timeline, or a search that found one person: of somebody who is neither registered
        -- nor the study's account only an export of the owner's own says that these posts were handed over
        capture_owners.account_key is not null and (
            capture_owners.is_handed_over
            or organisations_ranked.organisation_key is not null
            or focal_accounts.account_key is not null
        ) as is_capture_owner,
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
        {{ shown(shown_account_name('account_name', 'organisation_name'), 'is_registered') }} as account_name,
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
