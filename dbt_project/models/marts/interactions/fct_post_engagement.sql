with

posts as (

    select * from {{ ref('fct_posts') }}
    where is_own

),

observations as (

    select * from {{ ref('int_posts__observations') }}

),

delivered_posts as (

    select * from {{ ref('int_posts__unioned') }}

),

kept_observations as (

    select
        post_key,
        capture_id,
        record_no,
        source,
        observed_at,
        posted_at,
        {{ metric_columns() | join(',\n        ') }}

    from posts

),

-- the same post seen again; an earlier version of an edited post is another post and is not counted with this one
other_records as (

    select
        observations.capture_id,
        observations.record_no,
        observations.source,
        observations.post_key

    from observations

    where observations.outcome in ('duplicate', 'superseded')
        and observations.replaced_by_post_key is null

),

other_observations as (

    select
        other_records.post_key,
        delivered_posts.capture_id,
        delivered_posts.record_no,
        delivered_posts.source,
        delivered_posts.observed_at,
        delivered_posts.posted_at,
        {% for metric in metric_columns() -%}
        delivered_posts.{{ metric }}{{ ',' if not loop.last }}
        {% endfor %}
    from delivered_posts

    inner join other_records
        on delivered_posts.capture_id = other_records.capture_id
        and delivered_posts.record_no = other_records.record_no
        and delivered_posts.source = other_records.source

    where delivered_posts.kind <> 'repost'

),

-- Most posts were observed once and are done; only those seen again are compared.
posts_seen_again as (

    select distinct post_key from other_observations

),

competing_observations as (

    select kept_observations.*

    from kept_observations

    inner join posts_seen_again
        on kept_observations.post_key = posts_seen_again.post_key

    union all

    select * from other_observations

),

-- pages of one capture overlap: the same counts at the same time are one observation
distinct_observations as (

    select
        post_key,
        capture_id,
        min(record_no) as record_no,
        source,
        observed_at,
        posted_at,
        {{ metric_columns() | join(',\n        ') }}

    from competing_observations

    where coalesce({{ metric_columns() | join(', ') }}) is not null

    group by post_key, capture_id, source, observed_at, posted_at, {{ metric_columns() | join(', ') }}

),

ranked_observations as (

    select
        *,
        row_number() over (
            partition by post_key
            -- in the order of int_posts__observations
            order by
                observed_at desc nulls last,
                like_count desc nulls last,
                repost_count desc nulls last,
                capture_id,
                source,
                record_no
        ) as recency

    from distinct_observations

),

single_observations as (

    select
        kept_observations.*,
        1 as recency

    from kept_observations

    left join posts_seen_again
        on kept_observations.post_key = posts_seen_again.post_key

    where posts_seen_again.post_key is null
        and coalesce({% for metric in metric_columns() %}kept_observations.{{ metric }}{{ ', ' if not loop.last }}{% endfor %}) is not null

),

observations_ranked as (

    select * from single_observations

    union all

    select * from ranked_observations

),

engagement as (

    select
        post_key,
        capture_id,
        record_no,
        case
            when observed_at is null then 'undated'
            when source = 'x_api_v2' then 'retrieval'
            else 'export'
        end as engagement_basis,
        {% for metric in metric_columns() -%}
        {{ metric }},
        {% endfor -%}
        recency = 1 as is_latest,
        {{ days_between('posted_at', 'observed_at') }} as days_since_post,
        observed_at

    from observations_ranked

)

select * from engagement
order by post_key, observed_at nulls last, capture_id, record_no
