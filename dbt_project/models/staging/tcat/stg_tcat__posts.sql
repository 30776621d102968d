with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'tcat_posts') }}

),

posts_described as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at,
        {{ handle_in_cell('delivered_posts.username') }} as handle,
        coalesce(
            {{ timestamp_from_epoch_ms('try_cast(delivered_posts.seconds as bigint) * 1000') }},
            {{ parse_x_time('delivered_posts.created_at') }}
        ) as posted_at,
        {{ unescape_html('delivered_posts.text') }} as whole_text,
        starts_with(delivered_posts.text, 'RT @') as is_repost,
        -- its database holds 0 where nothing is referred to
        nullif(delivered_posts.replied_id, '0') as replied_post_id,
        nullif(delivered_posts.quoted_id, '0') as quoted_post,
        {{ handle_in_cell('delivered_posts.replied_user') }} as replied_handle,
        {{ split_cell('delivered_posts.hashtags', '; ') }} as listed_hashtags,
        {{ split_cell('delivered_posts.mentions', '; ') }} as listed_mentions,
        {{ split_cell('delivered_posts.urls', '; ') }} as listed_urls

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

posts_renamed as (

    select {{ post_contract_select({
        'capture_id': 'capture_id',
        'record_no': 'record_no',
        'source': "'tcat'",
        'platform': 'platform',
        'post_id': 'tweet_id',
        'account_id': 'user_id',
        'handle': 'handle',
        'account_name': 'full_name',
        'posted_at': 'posted_at',
        'posted_at_precision': x_time_precision('posted_at', 'tweet_id'),
        'observed_at': 'observed_at',
        'kind': "case"
            ~ " when is_repost then 'repost'"
            ~ " when lower(replied_handle) = lower(handle) then 'self_reply'"
            ~ " when replied_handle is not null or replied_post_id is not null then 'reply'"
            ~ " when quoted_post is not null then 'quote'"
            ~ " else 'original' end",
        'text': 'whole_text',
        'text_is_complete': text_is_whole('whole_text', 'posted_at', 'is_repost'),
        'language': language_tag('lang'),
        'reply_to_post_id': 'replied_post_id',
        'reply_to_handle': 'replied_handle',
        'quoted_post_id': 'case when not is_repost then quoted_post end',
        'reposted_handle': reposted_handle_in('whole_text'),
        'hashtags': listed_tags('listed_hashtags', 'whole_text'),
        'mentions': listed_handles('listed_mentions', 'whole_text'),
        'links': listed_links('listed_urls', 'whole_text'),
        'like_count': own_metric('is_repost', count_in_cell('likes')),
        'repost_count': own_metric('is_repost', count_in_cell('retweets')),
        'source_metadata': json_of([
            ('client', client_name('client')),
            ('original_like_count', "case when is_repost then " ~ count_in_cell('likes') ~ " end"),
            ('original_repost_count', "case when is_repost then " ~ count_in_cell('retweets') ~ " end"),
        ]),
    }) }}

    from posts_described

)

select * from posts_renamed
