-- One row: what the gates before this one said in their newest evaluation about what is published.
with

outcomes as (

    select * from warehouse.raw.check_outcomes
    where gate <> 'publish'

),

newest_runs as (

    select gate, arg_max(run_id, checked_at) as run_id
    from outcomes
    group by 1

),

newest_outcomes as (

    select outcomes.*
    from outcomes
    inner join newest_runs on outcomes.gate = newest_runs.gate and outcomes.run_id = newest_runs.run_id

),

captures as (

    select * from warehouse.raw.captures
    where status = 'accepted'

),

failed as (

    select newest_outcomes.*
    from newest_outcomes
    left join captures on newest_outcomes.capture_id = captures.capture_id
    where newest_outcomes.severity = 'critical'
        and newest_outcomes.passed is not true
        and (newest_outcomes.capture_id is null or captures.capture_id is not null)
        -- a person accepted this capture by name, knowing what its checks said
        and captures.status_decided_by is distinct from 'user'

),

demanded as (

    {{ critical_checks }}

),

demanded_outcomes as (

    select demanded.gate, demanded.check_name, captures.capture_id
    from demanded
    inner join captures on demanded.grain = 'capture'
    union all
    select gate, check_name, null as capture_id
    from demanded
    where grain = 'table'

),

missing as (

    select demanded_outcomes.*
    from demanded_outcomes
    where not exists (
        select 1 from newest_outcomes
        where newest_outcomes.gate = demanded_outcomes.gate
            and newest_outcomes.check_name = demanded_outcomes.check_name
            and newest_outcomes.capture_id is not distinct from demanded_outcomes.capture_id
    )

)

select
    'social_bi' as subject,
    (select count(*) from failed) as failed_critical_count,
    (select count(*) from missing) as silent_critical_count,
    (select count(*) from demanded_outcomes) as demanded_outcome_count
