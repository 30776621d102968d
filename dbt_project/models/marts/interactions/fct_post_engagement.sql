with

posts as (

    select posts.*

    from {{ ref('int_posts__kept') }} as posts

    -- the exact number of likes finds a post again
    inner join {{ ref('dim_accounts') }} as accounts
        on posts.account_key = accounts.account_key
        and {{ has_rows_of_its_own('accounts') }}

    where posts.is_own

),

observations as (

    select * from {{ ref('int_posts__observations') }}

),

delivered_posts as (

    select * from {{ ref('int_posts__unioned') }}

),

-- a post seen again, each time with its own counts; an earlier version of an edited post is another post and is not
-- counted with this one
records_seen_again as (

    select
        capture_id,
        record_no,
        source,
        post_key

    from observations

    where observation_count > 1
        and outcome in ('kept', 'duplicate', 'superseded')
        and replaced_by_post_key is null

),

competing_observations as (

    select
        posts.post_key,
        delivered_posts.capture_id,
        delivered_posts.record_no,
        delivered_posts.source,
        delivered_posts.platform,
        delivered_posts.observed_at,
        posts.posted_at,
        {% for metric in metric_columns() -%}
        delivered_posts.{{ metric }}{{ ',' if not loop.last }}
        {% endfor %}
    from delivered_posts

    inner join records_seen_again
        on delivered_posts.capture_id = records_seen_again.capture_id
        and delivered_posts.record_no = records_seen_again.record_no
        and delivered_posts.source = records_seen_again.source

    inner join posts
        on records_seen_again.post_key = posts.post_key

    where delivered_posts.kind <> 'repost'

),

-- pages of one capture overlap: the same counts at the same time are one observation
distinct_observations as (

    select
        post_key,
        capture_id,
        min(record_no) as record_no,
        source,
        platform,
        observed_at,
        posted_at,
        {{ metric_columns() | join(',\n        ') }}

    from competing_observations

    where coalesce({{ metric_columns() | join(', ') }}) is not null

    group by post_key, capture_id, source, platform, observed_at, posted_at, {{ metric_columns() | join(', ') }}

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

-- most posts were observed once and are done
single_observations as (

    select
        post_key,
        capture_id,
        record_no,
        source,
        platform,
        observed_at,
        posted_at,
        {{ metric_columns() | join(',\n        ') }},
        1 as recency

    from posts

    where observation_count = 1
        and coalesce({{ metric_columns() | join(', ') }}) is not null

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
        {{ counts_stated(metric_columns()) }} as engagement_basis,
        case
            when observed_at is null then 'undated'
            when source in ('x_api_v2', 'x_api_v11', 'x_graphql') then 'retrieval'
            else 'export'
        end as observation_basis,
        {% for metric in metric_columns() -%}
        {{ metric }},
        {% endfor -%}
        {{ sum_of_known(engagement_columns()) }} as engagement_count,
        case
            -- views of X were counted from December 2022 on, likes from the first day: a share of both needs one time
            when platform <> 'x' or source = 'x_analytics' or posted_at >= timestamptz '2022-12-15 00:00:00+00'
                then {{ share_up_to_one(sum_of_known(engagement_columns()), 'impression_count') }}
        end as engagement_rate,
        recency = 1 as is_latest,
        {{ days_between('posted_at', 'observed_at') }} as days_since_post,
        observed_at

    from observations_ranked

)

select * from engagement
order by post_key, observed_at nulls last, capture_id, record_no
