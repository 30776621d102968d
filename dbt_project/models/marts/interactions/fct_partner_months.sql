with

interactions as (

    select * from {{ ref('int_posts__interactions') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

account_months as (

    select * from {{ ref('int_accounts__coverage_months') }}

),

volume as (

    select * from {{ ref('fct_post_volume') }}

),

accounts_looked_at as (

    select * from accounts
    where is_capture_owner
        or is_focal
        or is_registered

),

own_posts_counted as (

    select
        account_key,
        posted_month,
        cast(sum(post_count) as bigint) as own_post_count

    from volume

    where kind <> 'repost'

    group by 1, 2

),

-- once per post: with whom
posts_with_others as (

    select
        interactions.account_key,
        interactions.post_key,
        {{ month_of('interactions.posted_date') }} as posted_month,
        bool_or(targets.is_registered and targets.family is distinct from authors.family) as has_partner,
        bool_or(targets.is_registered and targets.family is not distinct from authors.family) as has_own_family,
        bool_or(not targets.is_registered) as has_other

    from interactions

    inner join accounts_looked_at as authors
        on interactions.account_key = authors.account_key

    inner join accounts as targets
        on interactions.target_account_key = targets.account_key

    -- what is passed on says nothing of whom the account speaks with
    where interactions.post_kind <> 'repost'
        and not interactions.is_self

    group by 1, 2, 3

),

posts_with_others_counted as (

    select
        account_key,
        posted_month,
        count(*) filter (where has_partner) as partner_post_count,
        count(*) filter (where has_own_family) as own_family_post_count,
        count(*) filter (where has_other) as other_post_count

    from posts_with_others

    group by 1, 2

),

partner_months as (

    select
        account_months.account_key,
        account_months.posted_month,
        own_posts_counted.own_post_count,
        case
            when own_posts_counted.own_post_count is not null
                then coalesce(posts_with_others_counted.partner_post_count, 0)
        end as partner_post_count,
        case
            when own_posts_counted.own_post_count is not null
                then coalesce(posts_with_others_counted.own_family_post_count, 0)
        end as own_family_post_count,
        case
            when own_posts_counted.own_post_count is not null
                then coalesce(posts_with_others_counted.other_post_count, 0)
        end as other_post_count,
        -- a search finds posts by whom they name: their share says nothing of the account
        case
            when account_months.coverage_status <> 'sample'
                then coalesce(posts_with_others_counted.partner_post_count, 0)
                    / cast(nullif(own_posts_counted.own_post_count, 0) as double)
        end as share_with_partner,
        account_months.covered_days,
        account_months.calendar_days,
        account_months.coverage_share,
        account_months.coverage_status

    from account_months

    inner join accounts_looked_at
        on account_months.account_key = accounts_looked_at.account_key

    left join own_posts_counted
        on account_months.account_key = own_posts_counted.account_key
        and account_months.posted_month = own_posts_counted.posted_month

    left join posts_with_others_counted
        on account_months.account_key = posts_with_others_counted.account_key
        and account_months.posted_month = posts_with_others_counted.posted_month

)

select * from partner_months
order by account_key, posted_month
