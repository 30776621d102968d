with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'twitter_web_exporter_posts') }}

),

posts_described as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at,
        coalesce(delivered_posts.tweet_id, {{ post_id_in_address('delivered_posts.url') }}) as post_id,
        coalesce({{ handle_in_cell('delivered_posts.username') }}, {{ handle_in_address('delivered_posts.url') }}) as handle,
        coalesce(
            {{ parse_time('delivered_posts.created_at', '%Y-%m-%d %H:%M:%S %z') }},
            {{ instant_of_wall_clock(parse_time('delivered_posts.created_at', '%Y-%m-%d %H:%M:%S'), 'delivered_posts.time_zone') }}
        ) as posted_at,
        {{ unescape_html('delivered_posts.text') }} as whole_text,
        delivered_posts.retweeted_id is not null or starts_with(delivered_posts.text, 'RT @') as is_repost

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

-- Whom a post answers is in its text only, and a thread of one's own often does not say so: it counts as a reply.
posts_renamed as (

    select {{ post_contract_select({
        'capture_id': 'capture_id',
        'record_no': 'record_no',
        'source': "'twitter_web_exporter'",
        'platform': 'platform',
        'post_id': 'post_id',
        'account_id': 'user_id',
        'handle': 'handle',
        'account_name': 'full_name',
        'posted_at': 'posted_at',
        'posted_at_precision': x_time_precision('posted_at', 'post_id'),
        'observed_at': 'observed_at',
        'kind': "case"
            ~ " when is_repost then 'repost'"
            ~ " when replied_id is not null and lower(" ~ replied_handle_in('whole_text') ~ ") = lower(handle) then 'self_reply'"
            ~ " when replied_id is not null then 'reply'"
            ~ " when quoted_id is not null then 'quote'"
            ~ " else 'original' end",
        'text': 'whole_text',
        'text_is_complete': text_is_whole('whole_text', 'posted_at', 'is_repost'),
        'reply_to_post_id': 'replied_id',
        'reply_to_handle': 'case when replied_id is not null then ' ~ replied_handle_in('whole_text') ~ ' end',
        'quoted_post_id': 'case when not is_repost then quoted_id end',
        'reposted_post_id': 'retweeted_id',
        'reposted_handle': reposted_handle_in('whole_text'),
        'media_types': cell_texts('media', '$[*].type'),
        'like_count': own_metric('is_repost', count_in_cell('likes')),
        'repost_count': own_metric('is_repost', count_in_cell('retweets')),
        'reply_count': own_metric('is_repost', count_in_cell('replies')),
        'quote_count': own_metric('is_repost', count_in_cell('quotes')),
        'bookmark_count': own_metric('is_repost', count_in_cell('bookmarks')),
        'impression_count': own_metric('is_repost', counted_views(count_in_cell('impressions'), 'posted_at')),
        'source_metadata': json_of([
            ('original_like_count', "case when is_repost then " ~ count_in_cell('likes') ~ " end"),
            ('original_repost_count', "case when is_repost then " ~ count_in_cell('retweets') ~ " end"),
        ]),
    }) }}

    from posts_described

)

select * from posts_renamed
