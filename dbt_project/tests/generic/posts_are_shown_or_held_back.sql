{#- Every post is counted by month, of an account that reports tell apart or of all others together, or it is held back. -#}
{% test posts_are_shown_or_held_back(model) %}

    with

    totals as (

        select
            (select count(*) from {{ ref('fct_posts') }}) as post_count,
            (select coalesce(sum(post_count), 0) from {{ ref('fct_post_volume') }}) as told_apart_count,
            (select coalesce(sum(post_count), 0) from {{ ref('fct_others_months') }}) as others_count,
            (select coalesce(sum(held_back_post_count), 0) from {{ model }}) as held_back_count

    )

    select * from totals
    where post_count <> told_apart_count + others_count + held_back_count

{% endtest %}
