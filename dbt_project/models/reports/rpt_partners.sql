with

interactions as (

    select * from {{ ref('fct_interactions') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

towards_others as (

    select
        interactions.account_key,
        interactions.kind,
        interactions.post_key,
        interactions.posted_date,
        interactions.target_account_key,
        -- a private person is never shown: everybody who is not registered is one row
        case when targets.is_registered then targets.handle else 'accounts not registered' end as partner,
        case when targets.is_registered then targets.organisation_name end as organisation_name,
        case when targets.is_registered then targets.family end as family,
        case when targets.is_registered then targets.org_type end as org_type,
        case when targets.is_registered then targets.role end as role,
        case
            when not coalesce(targets.is_registered, false) then 'not_registered'
            when targets.family = authors.family then 'own_family'
            else 'partner'
        end as partner_class

    from interactions

    inner join accounts as authors
        on interactions.account_key = authors.account_key

    left join accounts as targets
        on interactions.target_account_key = targets.account_key

    where
        not interactions.is_self
        and {{ has_rows_of_its_own('authors') }}

),

partners as (

    select
        towards_others.account_key,
        towards_others.partner,
        towards_others.kind,
        max(towards_others.organisation_name) as organisation_name,
        max(towards_others.family) as family,
        max(towards_others.org_type) as org_type,
        max(towards_others.role) as role,
        max(towards_others.partner_class) as partner_class,
        count(distinct towards_others.target_account_key) as account_count,
        count(*) as interaction_count,
        count(distinct towards_others.post_key) as post_count,
        min(towards_others.posted_date) as first_date,
        max(towards_others.posted_date) as last_date

    from towards_others

    group by towards_others.account_key, towards_others.partner, towards_others.kind

),

named as (

    select
        partners.account_key,
        accounts.handle,
        partners.partner,
        partners.kind,
        partners.organisation_name,
        partners.family,
        partners.org_type,
        partners.role,
        partners.partner_class,
        partners.account_count,
        partners.interaction_count,
        partners.post_count,
        partners.first_date,
        partners.last_date

    from partners

    inner join accounts
        on partners.account_key = accounts.account_key

)

select * from named
order by account_key, kind, interaction_count desc, partner
