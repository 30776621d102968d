with

codebook_figures as (

    select * from {{ source('raw', 'codebook_figures') }}

)

select * from codebook_figures
