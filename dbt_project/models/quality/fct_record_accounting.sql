with

members as (

    select * from {{ ref('stg_suara__capture_members') }}

),

observations as (

    select * from {{ ref('int_posts__observations') }}

),

captures as (

    select * from {{ ref('stg_suara__captures') }}

),

delivered as (

    select
        members.capture_id,
        members.record_type,
        cast(sum(members.delivered_count) as bigint) as delivered_count,
        cast(sum(members.loaded_count) as bigint) as loaded_count,
        cast(sum(members.rejected_count) as bigint) as rejected_count

    from members

    group by members.capture_id, members.record_type

),

outcomes as (

    select
        observations.capture_id,
        observations.record_type,
        count(*) filter (where observations.outcome = 'kept') as kept_count,
        count(*) filter (where observations.outcome = 'duplicate') as duplicate_count,
        count(*) filter (where observations.outcome = 'superseded') as superseded_count,
        count(*) filter (where observations.outcome = 'deleted') as deleted_count

    from observations

    group by observations.capture_id, observations.record_type

),

accounted as (

    select
        delivered.capture_id,
        delivered.record_type,
        delivered.delivered_count,
        delivered.loaded_count,
        delivered.rejected_count,
        -- only records that are posts of an accepted capture have an outcome
        case when is_post then delivered.loaded_count end as loaded_post_count,
        case when is_post then coalesce(outcomes.kept_count, 0) end as kept_count,
        case when is_post then coalesce(outcomes.duplicate_count, 0) end as duplicate_count,
        case when is_post then coalesce(outcomes.superseded_count, 0) end as superseded_count,
        case when is_post then coalesce(outcomes.deleted_count, 0) end as deleted_count

    from (
        select
            delivered.*,
            delivered.record_type in ('post', 'csv_post') and captures.status = 'accepted' as is_post

        from delivered

        inner join captures
            on delivered.capture_id = captures.capture_id
    ) as delivered

    left join outcomes
        on delivered.capture_id = outcomes.capture_id
        and delivered.record_type = outcomes.record_type

),

balanced as (

    select
        *,
        delivered_count = loaded_count + rejected_count
        and coalesce(
            loaded_post_count = kept_count + duplicate_count + superseded_count + deleted_count, true
        ) as balances

    from accounted

)

select * from balanced
order by capture_id, record_type
