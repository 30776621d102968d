{%- set columns = [
    'indicator_code', 'reporter', 'geo', 'period_start', 'period_end', 'period_type', 'stated_years', 'dimension', 'category',
    'value', 'value_low', 'value_high', 'unit', 'flag', 'note', 'source',
] | join(', ') -%}

with

governed as (

    select
        {{ columns }},
        'reference_indicators.csv' as origin

    from {{ ref('reference_indicators') }}

),

from_files as (

    select
        {{ columns }},
        origin

    from {{ ref('stg_suara__indicators') }}

),

statements as (

    select * from governed
    union all
    select * from from_files

),

statements_keyed as (

    select
        md5(concat_ws('|', indicator_code, reporter, geo, period_start, period_end, dimension, category, unit))
            as indicator_key,
        *,
        {{ days_between('period_start', 'period_end') }} + 1 as period_days

    from statements

)

select * from statements_keyed
order by indicator_code, reporter, geo, period_start, period_end, dimension, category, value, origin
