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

observations_unioned as (

    select * from kept_observations
    union all
    select * from other_observations

),

observations_with_counts as (

    select * from observations_unioned
    where coalesce({{ metric_columns() | join(', ') }}) is not null

),

-- pages of one capture overlap: the same counts at the same time are one observation
observations_distinct as (

    select
        post_key,
        capture_id,
        min(record_no) as record_no,
        source,
        observed_at,
        posted_at,
        {{ metric_columns() | join(',\n        ') }}

    from observations_with_counts

    group by post_key, capture_id, source, observed_at, posted_at, {{ metric_columns() | join(', ') }}

),

latest_observations as (

    select
        post_key,
        max(observed_at) as latest_observed_at

    from observations_distinct

    group by 1

),

observations_ranked as (

    select
        observations_distinct.post_key,
        observations_distinct.capture_id,
        observations_distinct.record_no,
        row_number() over (
            partition by observations_distinct.post_key
            order by
                observations_distinct.observed_at desc nulls last,
                observations_distinct.capture_id,
                observations_distinct.source,
                observations_distinct.record_no
        ) as recency

    from observations_distinct

    inner join latest_observations
        on observations_distinct.post_key = latest_observations.post_key
        and observations_distinct.observed_at is not distinct from latest_observations.latest_observed_at

),

engagement as (

    select
        observations_distinct.post_key,
        observations_distinct.capture_id,
        observations_distinct.record_no,
        case
            when observations_distinct.observed_at is null then 'undated'
            when observations_distinct.source = 'x_api_v2' then 'retrieval'
            else 'export'
        end as engagement_basis,
        {% for metric in metric_columns() -%}
        observations_distinct.{{ metric }},
        {% endfor -%}
        coalesce(observations_ranked.recency = 1, false) as is_latest,
        {{ days_between('observations_distinct.posted_at', 'observations_distinct.observed_at') }} as days_since_post,
        observations_distinct.observed_at

    from observations_distinct

    left join observations_ranked
        on observations_distinct.post_key = observations_ranked.post_key
        and observations_distinct.capture_id = observations_ranked.capture_id
        and observations_distinct.record_no = observations_ranked.record_no

)

select * from engagement
order by post_key, observed_at nulls last, capture_id, record_no
