with

indicators as (

    select * from {{ source('raw', 'indicators') }}

)

select * from indicators
