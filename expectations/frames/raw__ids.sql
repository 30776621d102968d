-- One row per capture: whether the ids of its records are there, well formed, unique, and undamaged.
with

captures as (

    select * from raw.captures
    where status is distinct from 'quarantined'

),

raw_records as (

    {{ raw_records }}

),

records_with_number as (

    select
        capture_id,
        record_type,
        record_id,
        is_well_formed,
        -- what another program does to numbers can be seen of numbers only; other platforms have addresses
        case when is_number then length(record_id) end as digits,
        case when is_number and is_well_formed then try_cast(record_id as ubigint) end as id_number,
        -- the long pattern is asked only where it can hold
        is_number
        and contains(upper(record_id), 'E')
        and regexp_full_match(record_id, '{{ scientific_id_pattern }}') as is_scientific
    from raw_records

),

records_judged as (

    select
        *,
        -- Excel keeps 15 digits and writes zeros for the rest; ids of 17 digits and more show it.
        digits >= 17 and id_number % cast(power(10, greatest(digits - 15, 0)) as ubigint) = 0
            as is_rounded_to_15_digits,
        -- 2^58: ids from January 2013 on, where JavaScript's printing leaves most ids ending in 00.
        id_number >= 288230376151711744 as is_judged_for_javascript,
        -- Above 2^53 (and 17 digits) a 64-bit float no longer holds every whole number.
        digits >= 17 as is_judged_for_float,
        digits >= 17 and cast(cast(id_number as double) as hugeint) = id_number as equals_its_float
    from records_with_number

),

counted as (

    select
        capture_id,
        record_type,
        count(*) as record_count,
        count(*) filter (where record_id is null or trim(record_id) = '') as missing_id_count,
        count(*) filter (where trim(record_id) <> '' and not is_well_formed and not is_scientific)
            as malformed_id_count,
        count(*) filter (where is_scientific) as scientific_id_count,
        count(record_id) - count(distinct record_id) as duplicate_record_count,
        count(*) filter (where digits >= 17 and id_number is not null) as long_id_count,
        count(*) filter (where is_rounded_to_15_digits) as excel_id_count,
        count(*) filter (where is_judged_for_javascript) as javascript_judged_count,
        count(*) filter (where is_judged_for_javascript and id_number % 100 = 0 and not is_rounded_to_15_digits)
            as javascript_id_count,
        count(*) filter (where equals_its_float) as float_id_count
    from records_judged
    group by 1, 2

),

counted_by_capture as (

    select
        capture_id,
        sum(record_count) as record_count,
        sum(missing_id_count) as missing_id_count,
        sum(malformed_id_count) as malformed_id_count,
        sum(scientific_id_count) as scientific_id_count,
        sum(duplicate_record_count) as duplicate_record_count,
        sum(long_id_count) as long_id_count,
        sum(excel_id_count) as excel_id_count,
        sum(javascript_judged_count) as javascript_judged_count,
        sum(javascript_id_count) as javascript_id_count,
        sum(float_id_count) as float_id_count
    from counted
    group by 1

)

select
    captures.capture_id as subject,
    coalesce(record_count, 0) as record_count,
    coalesce(missing_id_count, 0) as missing_id_count,
    coalesce(malformed_id_count, 0) as malformed_id_count,
    coalesce(scientific_id_count, 0) as scientific_id_count,
    coalesce(duplicate_record_count, 0) as duplicate_record_count,
    coalesce(long_id_count, 0) as long_id_count,
    coalesce(excel_id_count, 0) as excel_id_count,
    coalesce(excel_id_count / nullif(long_id_count, 0), 0) as excel_id_share,
    case when long_id_count >= {{ damaged_id_n_min }} then excel_id_count / long_id_count else 0 end
        as judged_excel_id_share,
    coalesce(javascript_judged_count, 0) as javascript_judged_count,
    coalesce(javascript_id_count, 0) as javascript_id_count,
    coalesce(javascript_id_count / nullif(javascript_judged_count, 0), 0) as javascript_id_share,
    case
        when javascript_judged_count >= {{ damaged_id_n_min }} then javascript_id_count / javascript_judged_count
        else 0
    end as judged_javascript_id_share,
    coalesce(float_id_count, 0) as float_id_count,
    coalesce(float_id_count / nullif(long_id_count, 0), 0) as float_id_share,
    case when long_id_count >= {{ float_id_n_min }} then float_id_count / long_id_count else 0 end
        as judged_float_id_share
from captures
left join counted_by_capture on captures.capture_id = counted_by_capture.capture_id
