with

control_totals as (

    select * from {{ ref('stg_suara__control_totals') }}

),

totals_ordered as (

    select
        capture_id,
        statement,
        note,
        stated_count,
        counted_count,
        agrees

    from control_totals

)

select * from totals_ordered
order by capture_id, statement
