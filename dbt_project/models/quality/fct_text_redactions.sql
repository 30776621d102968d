with

masked_posts as (

    select * from {{ ref('int_posts__masked') }}

),

redactions_counted as (

    {% for kind, mark in redaction_marks() + [('name', none)] -%}
    select
        capture_id,
        '{{ kind }}' as kind,
        count(*) filter (where {{ kind }}_count > 0) as post_count,
        cast(sum({{ kind }}_count) as bigint) as redaction_count

    from masked_posts

    group by 1
    {% if not loop.last %}
    union all

    {% endif -%}
    {% endfor %}
),

redactions as (

    select * from redactions_counted
    where redaction_count > 0

)

select * from redactions
order by capture_id, kind
