{#- The column is filled wherever the condition holds. -#}
{% test not_null_where(model, column, condition) %}

    select {{ column }}

    from {{ model }}

    where ({{ condition }})
        and {{ column }} is null

{% endtest %}
