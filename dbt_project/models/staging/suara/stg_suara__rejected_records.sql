with

rejected_records as (

    select * from {{ source('raw', 'rejected_records') }}

)

select * from rejected_records
