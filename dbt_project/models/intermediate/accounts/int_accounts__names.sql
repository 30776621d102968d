with

posts as (

    select * from {{ ref('int_posts__kept') }}

),

interactions as (

    select * from {{ ref('int_posts__interactions') }}

),

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'
        and is_census
        and (owner_account_id is not null or owner_handle is not null)

),

names_of_authors as (

    select
        account_key,
        platform,
        account_id,
        handle,
        account_name,
        false as is_capture_owner,
        count(*) as post_count,
        min(posted_at) as first_seen_at,
        max(posted_at) as last_seen_at

    from posts

    group by 1, 2, 3, 4, 5

),

names_of_targets as (

    select
        target_account_key as account_key,
        platform,
        target_account_id as account_id,
        target_handle as handle,
        cast(null as varchar) as account_name,
        false as is_capture_owner,
        cast(0 as bigint) as post_count,
        min(posted_at) as first_seen_at,
        max(posted_at) as last_seen_at

    from interactions

    group by 1, 2, 3, 4

),

-- the owner of an archive is an account even when the archive holds no post
names_of_owners as (

    select distinct
        {{ account_key('platform', 'owner_account_id', 'owner_handle') }} as account_key,
        platform,
        owner_account_id as account_id,
        owner_handle as handle,
        owner_name as account_name,
        true as is_capture_owner,
        cast(0 as bigint) as post_count,
        observed_at as first_seen_at,
        observed_at as last_seen_at

    from captures

),

names_unioned as (

    select * from names_of_authors
    union all
    select * from names_of_targets
    union all
    select * from names_of_owners

)

select * from names_unioned
order by account_key, handle, account_name, first_seen_at, is_capture_owner
