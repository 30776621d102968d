with

posts as (

    select
        min(posted_date) as first_date,
        max(posted_date) as last_date

    from {{ ref('int_posts__kept') }}

),

coverage_windows as (

    select
        min(covered_from) as first_date,
        max(covered_to) as last_date

    from {{ ref('int_accounts__coverage') }}

),

study as (

    select
        window_from as first_date,
        window_to as last_date

    from {{ ref('int_studies__selected') }}

),

spans as (

    select * from posts
    union all
    select * from coverage_windows
    union all
    select * from study

),

-- whole months, so that a month of the calendar is never cut
calendar_span as (

    select
        {{ month_of('min(first_date)') }} as first_date,
        cast({{ last_day_of_month('max(last_date)') }} as date) as last_date

    from spans

),

days_unnested as (

    select unnest({{ date_list('first_date', 'last_date', 'day') }}) as day_start
    from calendar_span

),

days as (

    select cast(day_start as date) as calendar_date from days_unnested

),

{% set months_en = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'] -%}
{% set months_id = ['Januari', 'Februari', 'Maret', 'April', 'Mei', 'Juni', 'Juli', 'Agustus', 'September', 'Oktober', 'November', 'Desember'] -%}
{% set weekdays_en = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] -%}
{% set weekdays_id = ['Senin', 'Selasa', 'Rabu', 'Kamis', 'Jumat', 'Sabtu', 'Minggu'] -%}
dates as (

    select
        days.calendar_date,
        cast(extract(year from days.calendar_date) as integer) as calendar_year,
        cast(extract(quarter from days.calendar_date) as integer) as calendar_quarter,
        cast(extract(month from days.calendar_date) as integer) as month_number,
        cast(extract(day from days.calendar_date) as integer) as day_of_month,
        {{ iso_weekday('days.calendar_date') }} as iso_weekday,
        case extract(month from days.calendar_date)
            {% for name in months_en %}when {{ loop.index }} then '{{ name }}' {% endfor %}
        end as month_name_en,
        case extract(month from days.calendar_date)
            {% for name in months_id %}when {{ loop.index }} then '{{ name }}' {% endfor %}
        end as month_name_id,
        case {{ iso_weekday('days.calendar_date') }}
            {% for name in weekdays_en %}when {{ loop.index }} then '{{ name }}' {% endfor %}
        end as weekday_name_en,
        case {{ iso_weekday('days.calendar_date') }}
            {% for name in weekdays_id %}when {{ loop.index }} then '{{ name }}' {% endfor %}
        end as weekday_name_id,
        {{ iso_weekday('days.calendar_date') }} >= 6 as is_weekend,
        days.calendar_date >= coalesce(study.first_date, days.calendar_date)
        and days.calendar_date <= coalesce(study.last_date, days.calendar_date) as is_in_study_window,
        {{ month_of('days.calendar_date') }} as month_start

    from days

    cross join study

)

select * from dates
order by calendar_date
