{#- In every group the flag is true exactly once. -#}
{% test one_true_per_group(model, column, group_by) %}

    select
        {{ group_by }},
        sum(case when {{ column }} then 1 else 0 end) as true_count

    from {{ model }}

    group by 1

    having sum(case when {{ column }} then 1 else 0 end) <> 1

{% endtest %}
