with

interactions as (

    select * from {{ ref('int_posts__interactions') }}
    where not is_self
        and {{ is_of_the_account() }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

handles as (

    select * from {{ ref('dim_account_handles') }}

),

post_hashtags as (

    select
        hashtags.post_key,
        hashtags.hashtag,
        hashtags.posted_date,
        accounts.account_key,
        accounts.platform,
        {{ has_rows_of_its_own('accounts') }} as is_told_apart

    from {{ ref('int_posts__hashtags') }} as hashtags

    inner join accounts
        on hashtags.account_key = accounts.account_key

    where not hashtags.is_repost

),

-- An account may be known by its id in one source and by its handle alone in another. A network that kept them apart
-- would miss ties: what is one account here is one node.
accounts_by_handle as (

    select
        accounts.platform,
        handles.folded_handle,
        min(accounts.account_key) as account_key

    from handles

    inner join accounts
        on handles.account_key = accounts.account_key

    where accounts.account_id is not null

    group by 1, 2

    having count(*) = 1

),

organisations_ranked as (

    select
        organisation_key,
        account_key,
        row_number() over (
            partition by organisation_key
            order by case when account_id is null then 1 else 0 end, post_count desc, account_key
        ) as account_rank

    from accounts

    where organisation_key is not null

),

nodes as (

    select
        accounts.account_key,
        {{ has_rows_of_its_own('accounts') }} as is_told_apart,
        coalesce(
            organisations_ranked.account_key,
            case when accounts.account_id is null then accounts_by_handle.account_key end,
            accounts.account_key
        ) as node

    from accounts

    left join organisations_ranked
        on accounts.organisation_key = organisations_ranked.organisation_key
        and organisations_ranked.account_rank = 1

    left join accounts_by_handle
        on accounts.platform = accounts_by_handle.platform
        and lower(accounts.handle) = accounts_by_handle.folded_handle

),

account_edges as (

    select
        interactions.kind,
        cast(extract(year from interactions.posted_date) as integer) as posted_year,
        senders.node as from_node,
        receivers.node as to_node,
        count(distinct interactions.post_key) as post_count,
        min(interactions.posted_date) filter (where senders.is_told_apart) as first_date,
        max(interactions.posted_date) filter (where senders.is_told_apart) as last_date

    from interactions

    inner join nodes as senders
        on interactions.account_key = senders.account_key

    inner join nodes as receivers
        on interactions.target_account_key = receivers.account_key

    where senders.node <> receivers.node

    group by 1, 2, 3, 4

),

hashtag_pairs as (

    select
        case when not left_hashtags.is_told_apart then left_hashtags.platform end as platform_of_others,
        cast(extract(year from left_hashtags.posted_date) as integer) as posted_year,
        left_hashtags.hashtag as from_node,
        right_hashtags.hashtag as to_node,
        count(*) as post_count,
        count(distinct case when not left_hashtags.is_told_apart then left_hashtags.account_key end) as account_count,
        min(left_hashtags.posted_date) as first_date,
        max(left_hashtags.posted_date) as last_date

    from post_hashtags as left_hashtags

    inner join post_hashtags as right_hashtags
        on left_hashtags.post_key = right_hashtags.post_key
        and left_hashtags.hashtag < right_hashtags.hashtag

    group by 1, 2, 3, 4

),

-- of others only the pairs that are no small cell: two hashtags find a post sooner than one
hashtag_edges as (

    select
        'hashtag' as kind,
        posted_year,
        from_node,
        to_node,
        cast(sum(post_count) as bigint) as post_count,
        min(first_date) filter (where platform_of_others is null) as first_date,
        max(last_date) filter (where platform_of_others is null) as last_date

    from hashtag_pairs

    where platform_of_others is null
        or not {{ is_small_cell('post_count', 'account_count') }}

    group by 2, 3, 4

),

edges as (

    select * from account_edges
    union all
    select * from hashtag_edges

)

select * from edges
order by kind, posted_year, from_node, to_node
