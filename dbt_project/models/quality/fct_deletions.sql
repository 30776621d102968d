with

tombstones as (

    select * from {{ ref('stg_suara__tombstones') }}

),

deletions_counted as (

    select
        receipt_id,
        platform,
        reason,
        action,
        case when account_id is not null then {{ account_key('platform', 'account_id', 'cast(null as varchar)') }} end
            as account_key,
        posted_month,
        count(*) filter (where kind = 'post') as post_count,
        count(*) filter (where kind = 'account') as account_count,
        min(forgotten_at) as forgotten_at

    from tombstones

    group by 1, 2, 3, 4, 5, 6

),

deletions_keyed as (

    select
        md5(concat(
            receipt_id, ':', platform, ':', reason, ':', action, ':', coalesce(account_key, ''), ':',
            coalesce(cast(posted_month as varchar), '')
        )) as deletion_key,
        *

    from deletions_counted

)

select * from deletions_keyed
order by receipt_id, platform, reason, action, account_key, posted_month
