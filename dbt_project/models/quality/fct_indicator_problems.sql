with

statements as (

    select * from {{ ref('int_indicators__statements') }}

),

indicators as (

    select * from {{ ref('fct_indicators') }}

),

statement_counts as (

    select
        indicator_key,
        origin,
        count(*) as statement_count

    from statements

    group by indicator_key, origin

),

---------- periods and bounds: what a single statement says

impossible_periods as (

    select
        *,
        'impossible_period' as problem,
        case
            when period_end < period_start then 'an end after the beginning'
            when period_type = 'annual' then 'a calendar year'
            when period_type = 'reporting_year' then 'twelve months that are no calendar year'
            when period_type = 'partial' then 'less than a year'
            when stated_years <> extract(year from period_end) - extract(year from period_start) + 1
                then concat(stated_years, ' years, as the source says')
            when period_type = 'multi_year' then 'more than a year'
            else 'a period'
        end as expected,
        concat(period_start, ' to ', period_end) as found,
        false as is_acknowledged

    from statements

    where period_end < period_start
        or period_type = 'annual' and not (
            extract(month from period_start) = 1
            and extract(day from period_start) = 1
            and period_end = {{ day_after_months('period_start', 12) }} - 1
        )
        or period_type = 'reporting_year' and (
            extract(month from period_start) = 1 or period_end <> {{ day_after_months('period_start', 12) }} - 1
        )
        or period_type = 'partial' and period_end >= {{ day_after_months('period_start', 12) }} - 1
        or period_type = 'multi_year' and period_end < {{ day_after_months('period_start', 12) }}
        or stated_years <> extract(year from period_end) - extract(year from period_start) + 1

),

impossible_values as (

    select
        *,
        'impossible_value' as problem,
        'a figure of 0 or more, between its bounds' as expected,
        concat(coalesce(cast(value as varchar), 'none'), ' in ', value_low, ' to ', coalesce(cast(value_high as varchar), 'no bound')) as found,
        false as is_acknowledged

    from statements

    where value < 0
        or value_low < 0
        or value < value_low
        or value > value_high
        or value_low > value_high
        or value is null and value_low is null

),

---------- statements beside others of the same reporter

conflicts as (

    select
        statements.*,
        'statements_conflict' as problem,
        'one figure for one reporter, place, period and part' as expected,
        concat(statements.value, ' beside ', indicators.value_low, ' to ', indicators.value_high) as found,
        statements.flag is not distinct from 'conflict' as is_acknowledged

    from statements

    inner join indicators
        on statements.indicator_key = indicators.indicator_key

    where statements.value is not null
        and (
            indicators.value is null
            or statements.value <> indicators.value
        )

),

-- one row of each repeated figure, not each of them: it says the same as the others
repeated as (

    select
        statements.*,
        'repeated' as problem,
        'one row of a file for a figure' as expected,
        concat(statement_counts.statement_count, ' rows') as found,
        false as is_acknowledged

    from statements

    inner join statement_counts
        on statements.indicator_key = statement_counts.indicator_key
        and statements.origin = statement_counts.origin
        and statement_counts.statement_count > 1

    qualify row_number() over (
            partition by statements.indicator_key, statements.origin order by statements.value, statements.source
        ) = 1
        and min(statements.value) over (partition by statements.indicator_key, statements.origin)
        is not distinct from max(statements.value) over (partition by statements.indicator_key, statements.origin)

),

cumulative_in_order as (

    select
        *,
        lag(value) over series as value_before,
        lag(period_end) over series as period_end_before

    from statements

    where period_type = 'cumulative'
        and value is not null

    window series as (
        partition by indicator_code, reporter, geo, dimension, category, unit, period_start
        order by period_end, value
    )

),

falling_series as (

    select
        cumulative_in_order.* exclude (value_before, period_end_before),
        'cumulative_series_falls' as problem,
        concat('at least ', value_before, ', the figure of ', period_end_before) as expected,
        cast(value as varchar) as found,
        flag is not distinct from 'non_monotone' as is_acknowledged

    from cumulative_in_order

    where value < value_before

),

---------- parts and totals: sexes and ages divide a total, other parts lie within it

parts as (

    select
        statements.*,
        statements.dimension in ('sex', 'sex_age') or statements.dimension like '%\_sex\_age' escape '\'
            as divides_its_total,
        case
            when statements.dimension like '%\_sex\_age' escape '\'
                then left(statements.dimension, length(statements.dimension) - length('_sex_age'))
            else 'total'
        end as whole_dimension,
        case
            when statements.dimension like '%\_sex\_age' escape '\' then split_part(statements.category, '/', 1)
            else 'total'
        end as whole_category

    from statements

    where statements.dimension <> 'total'

),

parts_beside_wholes as (

    select
        parts.*,
        wholes.value as whole_value,
        wholes.is_conflicting as whole_is_conflicting,
        sum(parts.value) over one_division as parts_value,
        bool_or(parts.flag is not distinct from 'conflict') over one_division as part_is_conflicting,
        row_number() over (
            partition by parts.indicator_code, parts.reporter, parts.geo, parts.period_start, parts.period_end,
                parts.dimension, parts.whole_category, parts.origin
            order by parts.category, parts.value
        ) as part_no

    from parts

    inner join indicators as wholes
        on parts.indicator_code = wholes.indicator_code
        and parts.reporter = wholes.reporter
        and parts.geo = wholes.geo
        and parts.period_start = wholes.period_start
        and parts.period_end = wholes.period_end
        and parts.unit = wholes.unit
        and parts.whole_dimension = wholes.dimension
        and parts.whole_category = wholes.category

    window one_division as (
        partition by parts.indicator_code, parts.reporter, parts.geo, parts.period_start, parts.period_end,
            parts.dimension, parts.whole_category, parts.origin
    )

),

parts_that_do_not_sum as (

    select
        parts_beside_wholes.* exclude (
            divides_its_total, whole_dimension, whole_category, whole_value, whole_is_conflicting, parts_value,
            part_is_conflicting, part_no
        ),
        'parts_do_not_sum' as problem,
        concat(whole_value, ', the total') as expected,
        concat(parts_value, ' in all parts') as found,
        part_is_conflicting or whole_is_conflicting as is_acknowledged

    from parts_beside_wholes

    where divides_its_total
        and part_no = 1
        and parts_value <> whole_value

),

parts_beyond_their_whole as (

    select
        parts_beside_wholes.* exclude (
            divides_its_total, whole_dimension, whole_category, whole_value, whole_is_conflicting, parts_value,
            part_is_conflicting, part_no
        ),
        'part_exceeds_total' as problem,
        concat('at most ', whole_value, ', the total') as expected,
        cast(value as varchar) as found,
        part_is_conflicting or whole_is_conflicting as is_acknowledged

    from parts_beside_wholes

    where value > whole_value

),

---------- years and longer periods: where the years fill the period, they sum to its figure

years as (

    select
        longer.indicator_key as longer_key,
        years.value,
        years.period_days,
        years.period_start,
        years.period_end

    from indicators as longer

    inner join indicators as years
        on longer.indicator_code = years.indicator_code
        and longer.reporter = years.reporter
        and longer.geo = years.geo
        and longer.dimension = years.dimension
        and longer.category = years.category
        and longer.unit = years.unit
        and years.period_type in ('annual', 'partial')
        and years.period_start >= longer.period_start
        and years.period_end <= longer.period_end

    where longer.period_type = 'multi_year'

),

-- a part of a year that a whole year holds is not counted again
years_apart as (

    select years.*

    from years

    left join years as wider
        on years.longer_key = wider.longer_key
        and years.period_start >= wider.period_start
        and years.period_end <= wider.period_end
        and years.period_days < wider.period_days

    where wider.longer_key is null

),

sums_of_years as (

    select
        longer_key,
        cast(sum(value) as bigint) as years_value,
        sum(period_days) as years_days,
        count(*) = count(value) as every_year_has_a_figure

    from years_apart

    group by longer_key

),

years_that_do_not_sum as (

    select
        statements.*,
        'years_do_not_sum' as problem,
        concat(sums_of_years.years_value, ', the sum of its years') as expected,
        cast(statements.value as varchar) as found,
        statements.flag is not distinct from 'conflict' as is_acknowledged

    from statements

    inner join sums_of_years
        on statements.indicator_key = sums_of_years.longer_key
        and sums_of_years.years_days = statements.period_days
        and sums_of_years.every_year_has_a_figure

    where statements.value <> sums_of_years.years_value

),

problems as (

    select * from impossible_periods
    union all
    select * from impossible_values
    union all
    select * from conflicts
    union all
    select * from repeated
    union all
    select * from falling_series
    union all
    select * from parts_that_do_not_sum
    union all
    select * from parts_beyond_their_whole
    union all
    select * from years_that_do_not_sum

),

problems_described as (

    select
        md5(concat_ws('|', problem, indicator_key, coalesce(cast(value as varchar), ''), origin, source))
            as indicator_problem_key,
        problem,
        indicator_key,
        indicator_code,
        reporter,
        geo,
        dimension,
        category,
        expected,
        found,
        origin,
        source,
        origin = 'reference_indicators.csv' as is_governed,
        is_acknowledged,
        period_start,
        period_end

    from problems

)

select * from problems_described
order by indicator_code, reporter, geo, period_start, period_end, dimension, category, problem, found, source
