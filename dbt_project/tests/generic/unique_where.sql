{#- Among the rows that meet the condition, no two share the values of these columns together. -#}
{% test unique_where(model, columns, condition) %}

    select
        {{ columns | join(', ') }},
        count(*) as row_count

    from {{ model }}

    where {{ condition }}

    group by {{ columns | join(', ') }}

    having count(*) > 1

{% endtest %}
