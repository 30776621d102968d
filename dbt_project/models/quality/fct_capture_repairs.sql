with

measured as (

    select * from {{ ref('int_captures__measured') }}

),

repairs as (

    select * from {{ ref('int_posts__repaired') }}

),

repairs_counted as (

    select
        capture_id,
        source,
        count(*) filter (where post_id_status = 'repaired') as repaired_id_count,
        count(*) filter (where post_id_status = 'unrepaired') as unrepaired_id_count,
        count(*) filter (where posted_at_basis = 'id') as restored_time_count

    from repairs

    group by 1, 2

),

captures_repaired as (

    select
        measured.capture_id,
        measured.source,
        measured.id_damage,
        measured.record_count,

        ---------- ids
        measured.long_id_count,
        measured.missing_id_count,
        measured.scientific_id_count + measured.coarse_id_count as scientific_id_count,
        measured.excel_id_count,
        measured.javascript_id_count,
        measured.float_id_count,
        coalesce(measured.excel_id_count / nullif(measured.long_id_count, 0), 0) as excel_id_share,
        coalesce(measured.javascript_id_count / nullif(measured.recent_id_count, 0), 0) as javascript_id_share,
        coalesce(measured.float_id_count / nullif(measured.long_id_count, 0), 0) as float_id_share,
        coalesce(repairs_counted.repaired_id_count, 0) as repaired_id_count,
        coalesce(repairs_counted.unrepaired_id_count, 0) as unrepaired_id_count,

        ---------- times
        measured.compared_count as compared_time_count,
        measured.agreeing_count as agreeing_time_count,
        measured.shifted_count as shifted_time_count,
        measured.compared_count - measured.agreeing_count - measured.shifted_count as false_time_count,
        measured.coarse_time_count,
        measured.offset_minutes_from,
        measured.offset_minutes_to,
        coalesce(repairs_counted.restored_time_count, 0) as restored_time_count,
        measured.is_shifted

    from measured

    left join repairs_counted
        on measured.capture_id = repairs_counted.capture_id
        and measured.source = repairs_counted.source

)

select * from captures_repaired
order by capture_id, source
