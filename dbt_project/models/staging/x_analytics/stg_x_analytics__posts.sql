with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'x_analytics_posts') }}

),

posts_described as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at,
        coalesce(delivered_posts.post_id, {{ post_id_in_address('delivered_posts.post_link') }}) as native_id,
        coalesce({{ handle_in_address('delivered_posts.post_link') }}, captures.owner_handle) as handle,
        {{ parse_time('delivered_posts.posted_at', '%Y-%m-%d %H:%M %z') }} as minute_posted,
        -- the new form states a day and no zone: the day is taken as one of UTC
        {{ instant_of_wall_clock(parse_time('delivered_posts.posted_at', '%a, %b %d, %Y'), "'UTC'") }} as day_posted,
        {{ unescape_html('delivered_posts.text') }} as whole_text,
        starts_with(delivered_posts.text, 'RT @') as is_repost

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

posts_renamed as (

    select {{ post_contract_select({
        'capture_id': 'capture_id',
        'record_no': 'record_no',
        'source': "'x_analytics'",
        'platform': 'platform',
        'post_id': 'native_id',
        'handle': 'handle',
        'posted_at': 'coalesce(minute_posted, day_posted)',
        'posted_at_precision': "case when minute_posted is not null then 'minute' else 'day' end",
        'observed_at': 'observed_at',
        'kind': kind_from_text('whole_text', 'handle'),
        'text': 'whole_text',
        'text_is_complete': text_is_whole('whole_text', 'coalesce(minute_posted, day_posted)', 'is_repost'),
        'reply_to_handle': replied_handle_in('whole_text'),
        'reposted_handle': reposted_handle_in('whole_text'),
        'like_count': own_metric('is_repost', count_in_cell('likes')),
        'repost_count': own_metric('is_repost', count_in_cell('reposts')),
        'reply_count': own_metric('is_repost', count_in_cell('replies')),
        'bookmark_count': own_metric('is_repost', count_in_cell('bookmarks')),
        'impression_count': own_metric('is_repost', count_in_cell('impressions')),
        'source_metadata': json_of([
            ('engagements', count_in_cell('engagements')),
            ('shares', count_in_cell('shares')),
            ('follows', count_in_cell('follows')),
            ('profile_visits', count_in_cell('profile_visits')),
            ('detail_expands', count_in_cell('detail_expands')),
            ('link_clicks', count_in_cell('link_clicks')),
            ('hashtag_clicks', count_in_cell('hashtag_clicks')),
            ('promoted_impressions', count_in_cell('promoted_impressions')),
            ('promoted_engagements', count_in_cell('promoted_engagements')),
        ]),
    }) }}

    from posts_described

)

select * from posts_renamed
