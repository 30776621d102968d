with

check_outcomes as (

    select * from {{ source('raw', 'check_outcomes') }}

)

select * from check_outcomes
