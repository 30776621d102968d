with

interactions as (

    select * from {{ ref('int_posts__interactions') }}
    where {{ is_of_the_account() }}

),

-- Known by a handle here and by an id there, a registered account is still one.
accounts as (

    select
        *,
        coalesce(organisation_key, account_key) as actor_key

    from {{ ref('dim_accounts') }}

),

organisations as (

    select * from {{ ref('dim_organisations') }}

),

accounts_looked_at as (

    select * from accounts
    where is_capture_owner
        or is_focal
        or (is_registered and post_count > 0)

),

outgoing as (

    select
        interactions.account_key,
        targets.organisation_key,
        interactions.kind,
        interactions.post_key,
        interactions.posted_date,
        row_number() over (
            partition by interactions.account_key, targets.organisation_key
            order by interactions.posted_at, interactions.kind, interactions.interaction_key
        ) as contact_rank

    from interactions

    inner join accounts_looked_at as authors
        on interactions.account_key = authors.account_key

    inner join accounts as targets
        on interactions.target_account_key = targets.account_key

    where targets.organisation_key is not null
        and targets.organisation_key is distinct from authors.organisation_key
        and not interactions.is_self

),

outgoing_counted as (

    select
        account_key,
        organisation_key,
        count(*) filter (where kind = 'mention') as mention_count,
        count(*) filter (where kind = 'reply') as reply_count,
        count(*) filter (where kind = 'repost') as repost_count,
        count(*) filter (where kind = 'quote') as quote_count,
        count(*) as interaction_count,
        count(distinct post_key) as post_count,
        max(case when contact_rank = 1 then kind end) as first_kind,
        min(posted_date) as first_date,
        max(posted_date) as last_date

    from outgoing

    group by 1, 2

),

incoming_counted as (

    select
        accounts_looked_at.account_key,
        authors.organisation_key,
        count(*) as returned_count,
        min(interactions.posted_date) as first_returned_date

    from interactions

    inner join accounts as targets
        on interactions.target_account_key = targets.account_key

    inner join accounts_looked_at
        on targets.actor_key = accounts_looked_at.actor_key

    inner join accounts as authors
        on interactions.account_key = authors.account_key

    where authors.organisation_key is not null
        and authors.organisation_key is distinct from accounts_looked_at.organisation_key
        and not interactions.is_self

    group by 1, 2

),

-- how much of what the partner itself wrote is here: only then may its silence be read
partners_observed as (

    select
        organisation_key,
        cast(sum(post_count) as bigint) as posts_of_partner_count,
        bool_or(is_capture_owner) as is_covered

    from accounts

    where organisation_key is not null

    group by 1

),

pairs as (

    select
        account_key,
        organisation_key

    from outgoing_counted

    union

    select
        account_key,
        organisation_key

    from incoming_counted

),

partners_described as (

    select
        pairs.account_key,
        pairs.organisation_key,
        organisations.handle as partner,
        organisations.organisation_name,
        organisations.family,
        organisations.org_type,
        organisations.role,
        case
            when organisations.family = accounts.family then 'own_family'
            else 'partner'
        end as partner_class,
        outgoing_counted.first_kind,
        case
            when partners_observed.is_covered then 'covered'
            when partners_observed.posts_of_partner_count > 0 then 'sample'
            else 'none'
        end as partner_observation,
        accounts.is_capture_owner,
        coalesce(outgoing_counted.mention_count, 0) as mention_count,
        coalesce(outgoing_counted.reply_count, 0) as reply_count,
        coalesce(outgoing_counted.repost_count, 0) as repost_count,
        coalesce(outgoing_counted.quote_count, 0) as quote_count,
        coalesce(outgoing_counted.interaction_count, 0) as interaction_count,
        coalesce(outgoing_counted.post_count, 0) as post_count,
        partners_observed.posts_of_partner_count,
        incoming_counted.returned_count,
        outgoing_counted.first_date,
        outgoing_counted.last_date,
        incoming_counted.first_returned_date

    from pairs

    inner join accounts
        on pairs.account_key = accounts.account_key

    inner join organisations
        on pairs.organisation_key = organisations.organisation_key

    inner join partners_observed
        on pairs.organisation_key = partners_observed.organisation_key

    left join outgoing_counted
        on pairs.account_key = outgoing_counted.account_key
        and pairs.organisation_key = outgoing_counted.organisation_key

    left join incoming_counted
        on pairs.account_key = incoming_counted.account_key
        and pairs.organisation_key = incoming_counted.organisation_key

),

partners as (

    select
        account_key,
        organisation_key,
        partner,
        organisation_name,
        family,
        org_type,
        role,
        partner_class,
        first_kind,
        partner_observation,
        mention_count,
        reply_count,
        repost_count,
        quote_count,
        interaction_count,
        post_count,
        posts_of_partner_count,
        -- a zero is stated only where the partner's posts are here to be looked through
        case
            when partner_observation = 'covered' then coalesce(returned_count, 0)
            else returned_count
        end as returned_count,
        case
            when interaction_count > 0 and returned_count > 0 then true
            when interaction_count > 0 and partner_observation = 'covered' then false
            when interaction_count = 0 and is_capture_owner then false
        end as is_reciprocal,
        first_date,
        last_date,
        first_returned_date

    from partners_described

)

select * from partners
order by account_key, interaction_count desc, partner, organisation_key
