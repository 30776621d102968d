{#- A result of X batch compliance does not say whether its ids are those of posts or of accounts. An id that is no post's here is an
    account's where posts here are of that account, or where it cannot be a post's: posts have ids with a time in them since
    4 November 2010, accounts had short ones for years after that. What neither tells stays a post that nobody has. A message of a
    stream says which it is, and may be taken back by a later one. -#}
with

lines as (

    select
        capture_id,
        record_no,
        platform,
        post_id as named_id,
        named_kind,
        reason,
        posted_at as created_at,
        deleted_at

    from {{ ref('stg_x_api_v2__deletions') }}

    where account_id is null

    union all

    -- a message of a stream names the author of the post beside it
    select
        capture_id,
        record_no,
        platform,
        post_id as named_id,
        named_kind,
        reason,
        posted_at as created_at,
        deleted_at

    from {{ ref('stg_x_api_v11__deletions') }}

    where account_id is null
        and post_id is not null

),

notices as (

    select * from {{ ref('stg_x_api_v2__notices') }}
    union all
    select * from {{ ref('stg_x_api_v11__notices') }}

),

tombstones as (

    select * from {{ ref('stg_suara__tombstones') }}
    where kind <> 'post'
        and action = 'delete'

),

ids_of_handles as (

    select * from {{ ref('int_accounts__ids_of_handles') }}

),

ids_known as (

    select
        platform,
        post_id as known_id,
        false as is_account

    from {{ ref('int_posts__unioned') }}

    union all

    select
        platform,
        account_id as known_id,
        true as is_account

    from {{ ref('int_posts__unioned') }}

    union all

    select
        platform,
        reposted_account_id as known_id,
        true as is_account

    from {{ ref('int_posts__unioned') }}

),

ids_named as (

    select
        lines.platform,
        lines.named_id,
        bool_and(ids_known.is_account) as is_account

    from ids_known

    inner join lines
        on ids_known.platform = lines.platform
        and ids_known.known_id = lines.named_id

    group by 1, 2

),

-- public or active again after what a message told
lines_taken_back as (

    select distinct
        lines.capture_id,
        lines.record_no

    from lines

    inner join notices
        on lines.platform = notices.platform
        and lines.named_id = notices.account_id

    where notices.reason = 'restored'
        and lines.named_kind = 'account'
        and coalesce(
            notices.told_at >= lines.deleted_at,
            notices.capture_id = lines.capture_id and notices.record_no > lines.record_no
        )

),

accounts_gone as (

    select
        lines.capture_id,
        lines.record_no,
        lines.platform,
        lines.named_id as account_id,
        cast(null as varchar) as handle,
        lines.reason,
        lines.deleted_at

    from lines

    left join ids_named
        on lines.platform = ids_named.platform
        and lines.named_id = ids_named.named_id

    left join lines_taken_back
        on lines.capture_id = lines_taken_back.capture_id
        and lines.record_no = lines_taken_back.record_no

    where coalesce(
        lines.named_kind = 'account',
        ids_named.is_account,
        lines.created_at >= {{ start_of_day("date '2010-11-05'") }} and not {{ has_time_in_id('lines.named_id') }}
    )
        and lines_taken_back.record_no is null

),

-- deleted on request: no capture says so, the receipt does
accounts_requested as (

    select
        receipt_id as capture_id,
        cast(null as bigint) as record_no,
        platform,
        named_account_id as account_id,
        cast(null as varchar) as handle,
        reason,
        coalesce(told_at, forgotten_at) as deleted_at

    from tombstones

    where named_account_id is not null

    union all

    select
        receipt_id as capture_id,
        cast(null as bigint) as record_no,
        platform,
        cast(null as varchar) as account_id,
        named_handle as handle,
        reason,
        coalesce(told_at, forgotten_at) as deleted_at

    from tombstones

    where named_handle is not null

    union all

    -- captures that came since may tell whose the handle is. One that only followed from an id tells no other id
    select
        tombstones.receipt_id as capture_id,
        cast(null as bigint) as record_no,
        tombstones.platform,
        ids_of_handles.account_id,
        cast(null as varchar) as handle,
        tombstones.reason,
        coalesce(tombstones.told_at, tombstones.forgotten_at) as deleted_at

    from tombstones

    inner join ids_of_handles
        on tombstones.platform = ids_of_handles.platform
        and tombstones.named_handle = ids_of_handles.folded_handle

    where tombstones.kind = 'account'

),

accounts_unioned as (

    select * from accounts_gone
    union all
    select * from accounts_requested

),

accounts_keyed as (

    select
        capture_id,
        record_no,
        platform,
        account_id,
        {{ account_key('platform', 'account_id', 'handle') }} as account_key,
        min(reason) as reason,
        min(deleted_at) as deleted_at

    from accounts_unioned

    group by 1, 2, 3, 4, 5

)

select * from accounts_keyed
order by capture_id, record_no, account_key
