{#- A result of X batch compliance does not say whether its ids are those of posts or of accounts. An id that is no post's here is an
    account's where posts here are of that account, or where it cannot be a post's: posts have ids with a time in them since
    4 November 2010, accounts had short ones for years after that. What neither tells stays a post that nobody has. -#}
with

lines as (

    select
        capture_id,
        record_no,
        platform,
        post_id as named_id,
        reason,
        posted_at as created_at,
        deleted_at

    from {{ ref('stg_x_api_v2__deletions') }}

    union all

    -- a message of a stream names the author of the post beside it
    select
        capture_id,
        record_no,
        platform,
        post_id as named_id,
        'deleted' as reason,
        posted_at as created_at,
        deleted_at

    from {{ ref('stg_x_api_v11__deletions') }}

    where account_id is null
        and post_id is not null

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

accounts_gone as (

    select
        lines.capture_id,
        lines.record_no,
        lines.platform,
        lines.named_id as account_id,
        {{ account_key('lines.platform', 'lines.named_id', 'cast(null as varchar)') }} as account_key,
        lines.reason,
        lines.deleted_at

    from lines

    left join ids_named
        on lines.platform = ids_named.platform
        and lines.named_id = ids_named.named_id

    where coalesce(
        ids_named.is_account,
        lines.created_at >= {{ start_of_day("date '2010-11-05'") }} and not {{ has_time_in_id('lines.named_id') }}
    )

)

select * from accounts_gone
order by capture_id, record_no
