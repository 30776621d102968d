with

control_totals as (

    select * from {{ ref('stg_suara__control_totals') }}

),

names_of_files as (

    {{ names_of_files() }}

),

totals_ordered as (

    select
        control_totals.capture_id,
        {{ with_shown_file_name('control_totals.statement') }} as statement,
        {{ with_shown_file_name('control_totals.note') }} as note,
        stated_count,
        counted_count,
        agrees

    from control_totals

    left join names_of_files
        on control_totals.capture_id = names_of_files.capture_id

)

select * from totals_ordered
order by capture_id, statement
