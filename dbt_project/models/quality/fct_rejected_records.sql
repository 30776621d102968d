with

rejected_records as (

    select * from {{ ref('stg_suara__rejected_records') }}

),

names_of_files as (

    {{ names_of_files() }}

),

rejected as (

    select
        md5(concat(
            rejected_records.capture_id, '|', member, '|', coalesce(cast(record_no as varchar), ''), '|', reason_code, '|',
            cast(row_number() over (
                partition by rejected_records.capture_id, member, record_no, reason_code
                order by found, expected
            ) as varchar)
        )) as rejection_key,
        rejected_records.capture_id,
        {{ with_shown_file_name('member') }} as member,
        reason_code,
        expected,
        -- `column = value` quotes a record; of a time that cannot be nothing but the value is told
        case
            when reason_code = 'impossible_time' then {{ form_of('found') }}
            when strpos(found, ' = ') > 0
                then concat(left(found, strpos(found, ' = ') + 2), {{ form_of("substr(found, strpos(found, ' = ') + 3)") }})
            else {{ without_ids(with_shown_file_name('found')) }}
        end as found,
        next_step,
        record_no

    from rejected_records

    left join names_of_files
        on rejected_records.capture_id = names_of_files.capture_id

)

select * from rejected
order by capture_id, member, record_no nulls last, rejection_key
