{#- why a file cannot be read names what is in it; the other checks count, and state days -#}
{%- set words_of_a_nameless_capture -%}
    case
        when check_name = 'capture_is_readable' then 'a file that cannot be read'
        else {{ regex_replace_all('observed', '[0-9]{4}-[0-9]{2}-[0-9]{2}', '[day]') }}
    end
{%- endset -%}

with

check_outcomes as (

    select * from {{ ref('stg_suara__check_outcomes') }}

),

captures_without_names as (

    {{ captures_without_names() }}

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
        {{ without_ids(unless_nameless('observed', words_of_a_nameless_capture)) }} as observed,
        expected,
        {{ without_ids(unless_nameless('failing_sample', "'[]'")) }} as failing_sample,
        why,
        next_step,
        failing_count,
        passed,
        checked_at

    from check_outcomes

    left join captures_without_names
        on check_outcomes.capture_id = captures_without_names.capture_id

)

select * from outcomes
order by checked_at, gate, check_name, asset, capture_id nulls first, outcome_key
