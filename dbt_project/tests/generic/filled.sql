{#- None of these columns is ever null: one question for all of them. -#}
{% test filled(model, columns) %}

    select {{ columns | join(', ') }}

    from {{ model }}

    where {{ columns | join(' is null or ') }} is null

{% endtest %}
