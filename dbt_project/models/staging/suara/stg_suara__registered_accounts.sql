with

registered_accounts as (

    select * from {{ source('raw', 'registered_accounts') }}

)

select * from registered_accounts
