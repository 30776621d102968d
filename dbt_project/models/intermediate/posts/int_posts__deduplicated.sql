{#- A view: the one wide copy of the posts is `fct_posts`. -#}
{{ config(materialized='view') }}

with

posts as (

    select * from {{ ref('int_posts__unioned') }}

),

-- Only the records that need a decision are looked up; every other record is the only one of its post.
decided_records as (

    select
        capture_id,
        record_no,
        source,
        outcome,
        observation_count

    from {{ ref('int_posts__observations') }}

    where outcome <> 'kept' or observation_count > 1

),

posts_kept as (

    select
        {{ post_key('posts.platform', 'posts.post_id') }} as post_key,
        {% for column in post_contract_columns() -%}
        posts.{{ column }},
        {% endfor -%}
        coalesce(decided_records.observation_count, 1) as observation_count

    from posts

    left join decided_records
        on posts.capture_id = decided_records.capture_id
        and posts.record_no = decided_records.record_no
        and posts.source = decided_records.source

    where decided_records.outcome is null
        or decided_records.outcome = 'kept'

)

select * from posts_kept
