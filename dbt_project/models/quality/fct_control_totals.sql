with

control_totals as (

    select * from {{ ref('stg_suara__control_totals') }}

),

captures_without_names as (

    {{ captures_without_names() }}

),

totals_ordered as (

    select
        control_totals.capture_id,
        control_totals.statement,
        {{ unless_nameless('control_totals.note') }} as note,
        stated_count,
        counted_count,
        agrees

    from control_totals

    left join captures_without_names
        on control_totals.capture_id = captures_without_names.capture_id

)

select * from totals_ordered
order by capture_id, statement
