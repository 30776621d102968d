{{ config(materialized='view') }}

with

own_accounts as (

    select * from {{ ref('stg_suara__registered_accounts') }}

),

governed_accounts as (

    select * from {{ ref('accounts') }}

),

-- what the owner of the data says of an account counts before what the project says
accounts_unioned as (

    select
        own_accounts.*,
        1 as choice

    from own_accounts

    union all

    select
        governed_accounts.*,
        2 as choice

    from governed_accounts

),

accounts_ranked as (

    select
        *,
        row_number() over (partition by platform, lower(handle) order by choice) as choice_rank

    from accounts_unioned

),

accounts_registered as (

    select
        platform,
        handle,
        name,
        family,
        org_type,
        country,
        role,
        evidence,
        is_verified,
        account_id

    from accounts_ranked

    where choice_rank = 1

)

select * from accounts_registered
