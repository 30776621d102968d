with

rejected_records as (

    select * from {{ ref('stg_suara__rejected_records') }}

),

captures_without_names as (

    {{ captures_without_names() }}

),

rejected as (

    select
        -- whoever guesses what a file is called must not find it confirmed
        {{ keyed_hash("concat(
            'rejection:', rejected_records.capture_id, '|', member, '|', coalesce(cast(record_no as varchar), ''), '|', reason_code, '|',
            cast(row_number() over (
                partition by rejected_records.capture_id, member, record_no, reason_code
                order by found, expected
            ) as varchar)
        )") }} as rejection_key,
        rejected_records.capture_id,
        {{ unless_nameless('member') }} as member,
        reason_code,
        expected,
        found,
        next_step,
        record_no

    from rejected_records

    left join captures_without_names
        on rejected_records.capture_id = captures_without_names.capture_id

)

select * from rejected
order by capture_id, member, record_no nulls last, rejection_key
