with

captures as (

    select * from {{ source('raw', 'captures') }}

)

select * from captures
