with

control_totals as (

    select * from {{ source('raw', 'control_totals') }}

)

select * from control_totals
