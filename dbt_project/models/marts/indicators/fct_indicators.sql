with

statements as (

    select * from {{ ref('int_indicators__statements') }}

),

-- a figure that is known to be in conflict with the reporter's own others does not decide; it widens the bounds
indicators as (

    select
        indicator_key,
        min(indicator_code) as indicator_code,
        min(reporter) as reporter,
        min(geo) as geo,
        min(period_type) as period_type,
        min(dimension) as dimension,
        min(category) as category,
        min(unit) as unit,
        case
            when count(distinct value) filter (where flag is distinct from 'conflict') = 1
                then min(value) filter (where flag is distinct from 'conflict')
            when count(distinct value) = 1 then min(value)
        end as value,
        min(value_low) as value_low,
        case when count(*) = count(value_high) then max(value_high) end as value_high,
        count(*) as statement_count,
        count(distinct coalesce(value, -1)) > 1 or bool_or(flag = 'conflict') is true as is_conflicting,
        bool_or(flag = 'derived') is true as is_derived,
        {{ list_text('flag') }} as flags,
        {{ list_text('note') }} as notes,
        {{ list_text('source') }} as sources,
        min(period_days) as period_days,
        min(period_start) as period_start,
        min(period_end) as period_end

    from statements

    group by indicator_key

)

select * from indicators
order by indicator_code, reporter, geo, period_start, period_end, dimension, category
