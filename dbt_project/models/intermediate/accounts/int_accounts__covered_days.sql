with

coverage_windows as (

    select * from {{ ref('int_accounts__coverage') }}
    where basis <> 'sample'
        and covered_from <= covered_to

),

days_unnested as (

    select
        account_key,
        unnest({{ date_list('covered_from', 'covered_to', 'day') }}) as covered_at

    from coverage_windows

),

days_covered as (

    select distinct
        account_key,
        cast(covered_at as date) as covered_date

    from days_unnested

)

select * from days_covered
order by account_key, covered_date
