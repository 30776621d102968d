{#- None of the columns is filled where the condition holds. -#}
{% test null_where(model, columns, condition) %}

    select {{ columns | join(', ') }}

    from {{ model }}

    where ({{ condition }})
        and coalesce({{ columns | join(', ') }}) is not null

{% endtest %}
