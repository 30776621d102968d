{#- The months of each account out of the volume of its kinds: coverage and denominators, which stand beside everything that is
    counted by month. `volume` is a relation like `fct_post_volume`. -#}
{% macro months_of_volume(volume) -%}
    select
        account_key,
        posted_month,
        reporting_timezone,
        coverage_status,
        covered_days,
        calendar_days,
        coverage_share,
        cast(sum(post_count) as bigint) as posts_of_month,
        cast(sum(post_count) filter (where kind <> 'repost') as bigint) as own_posts_of_month

    from {{ volume }}

    group by
        account_key, posted_month, reporting_timezone, coverage_status, covered_days, calendar_days, coverage_share
{%- endmacro %}
