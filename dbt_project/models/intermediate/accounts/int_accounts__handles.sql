with

names as (

    select * from {{ ref('int_accounts__names') }}
    where handle is not null

),

-- the spelling of the latest sighting stands for the handle
spellings_ranked as (

    select
        account_key,
        lower(handle) as folded_handle,
        handle,
        row_number() over (
            partition by account_key, lower(handle)
            order by last_seen_at desc nulls last, handle
        ) as spelling_rank

    from names

),

handles_dated as (

    select
        account_key,
        max(platform) as platform,
        lower(handle) as folded_handle,
        cast(sum(post_count) as bigint) as post_count,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at

    from names

    group by account_key, lower(handle)

),

handles_described as (

    select
        handles_dated.account_key,
        handles_dated.folded_handle,
        spellings_ranked.handle,
        {{ pseudonym('handles_dated.platform', 'handles_dated.folded_handle') }} as pseudonym,
        handles_dated.post_count,
        handles_dated.first_seen_at,
        handles_dated.last_seen_at

    from handles_dated

    inner join spellings_ranked
        on handles_dated.account_key = spellings_ranked.account_key
        and handles_dated.folded_handle = spellings_ranked.folded_handle
        and spellings_ranked.spelling_rank = 1

)

select * from handles_described
order by account_key, first_seen_at nulls last, folded_handle
