with

check_outcomes as (

    select * from {{ ref('stg_suara__check_outcomes') }}

),

outcomes as (

    select
        md5(concat(
            run_id, '|', gate, '|', check_name, '|', asset, '|', coalesce(capture_id, ''), '|',
            cast(row_number() over (
                partition by run_id, gate, check_name, asset, capture_id
                order by checked_at, observed
            ) as varchar)
        )) as outcome_key,
        run_id,
        capture_id,
        gate,
        check_name,
        asset,
        severity,
        dimension,
        observed,
        expected,
        failing_sample,
        why,
        next_step,
        failing_count,
        passed,
        checked_at

    from check_outcomes

)

select * from outcomes
order by checked_at, gate, check_name, asset, capture_id nulls first, outcome_key
