with

check_outcomes as (

    select * from {{ ref('stg_suara__check_outcomes') }}

),

names_of_files as (

    {{ names_of_files() }}

),

outcomes as (

    select
        md5(concat(
            run_id, '|', gate, '|', check_name, '|', asset, '|', coalesce(check_outcomes.capture_id, ''), '|',
            cast(row_number() over (
                partition by run_id, gate, check_name, asset, check_outcomes.capture_id
                order by checked_at, observed
            ) as varchar)
        )) as outcome_key,
        run_id,
        check_outcomes.capture_id,
        gate,
        check_name,
        asset,
        severity,
        dimension,
        {{ without_ids('observed') }} as observed,
        expected,
        {{ without_ids(with_shown_file_name('failing_sample')) }} as failing_sample,
        why,
        next_step,
        failing_count,
        passed,
        checked_at

    from check_outcomes

    left join names_of_files
        on check_outcomes.capture_id = names_of_files.capture_id

)

select * from outcomes
order by checked_at, gate, check_name, asset, capture_id nulls first, outcome_key
