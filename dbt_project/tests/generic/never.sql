{#- No row meets the condition. -#}
{% test never(model, condition) %}

    select *

    from {{ model }}

    where {{ condition }}

{% endtest %}
