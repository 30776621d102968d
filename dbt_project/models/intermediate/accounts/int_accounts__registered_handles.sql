with

accounts as (

    select * from {{ ref('dim_accounts') }}
    where is_registered

),

handles as (

    select * from {{ ref('int_accounts__handles') }}

),

registered as (

    select * from {{ ref('int_accounts__registered') }}

),

handles_unioned as (

    select
        accounts.platform,
        handles.folded_handle

    from handles

    inner join accounts
        on handles.account_key = accounts.account_key

    union

    select
        platform,
        lower(handle) as folded_handle

    from registered

)

select * from handles_unioned
order by platform, folded_handle
