{#- The model has exactly this many rows. -#}
{% test row_count_is(model, expected) %}

    with

    counted as (

        select count(*) as row_count from {{ model }}

    )

    select * from counted
    where row_count <> {{ expected }}

{% endtest %}
