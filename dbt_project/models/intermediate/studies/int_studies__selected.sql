with

studies as (

    select * from {{ ref('studies') }}

),

study_selected as (

    select * from studies
    where study = '{{ var("study") }}'

)

select * from study_selected
