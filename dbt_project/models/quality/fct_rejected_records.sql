with

rejected_records as (

    select * from {{ ref('stg_suara__rejected_records') }}

),

rejected as (

    select
        md5(concat(
            capture_id, '|', member, '|', coalesce(cast(record_no as varchar), ''), '|', reason_code, '|',
            cast(row_number() over (
                partition by capture_id, member, record_no, reason_code
                order by found, expected
            ) as varchar)
        )) as rejection_key,
        capture_id,
        member,
        reason_code,
        expected,
        found,
        next_step,
        record_no

    from rejected_records

)

select * from rejected
order by capture_id, member, record_no nulls last, rejection_key
