with

capture_members as (

    select * from {{ source('raw', 'capture_members') }}

)

select * from capture_members
