{#- Two models agree on a total, or on the total of each value of `by`. -#}
{% test sums_match(model, expression, other, other_expression, by=none) %}

    with

    ours as (

        select
            {{ by if by else "'all'" }} as compared_by,
            {{ expression }} as total

        from {{ model }}

        {% if by -%} group by 1 {%- endif %}

    ),

    theirs as (

        select
            {{ by if by else "'all'" }} as compared_by,
            {{ other_expression }} as total

        from {{ other }}

        {% if by -%} group by 1 {%- endif %}

    ),

    compared as (

        select
            coalesce(ours.compared_by, theirs.compared_by) as compared_by,
            coalesce(ours.total, 0) as our_total,
            coalesce(theirs.total, 0) as their_total

        from ours

        full outer join theirs
            on ours.compared_by = theirs.compared_by

    )

    select * from compared
    where our_total <> their_total

{% endtest %}
