with

claim_results as (

    select * from {{ source('raw', 'claim_results') }}

)

select * from claim_results
