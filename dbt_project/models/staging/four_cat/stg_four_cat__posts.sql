with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'four_cat_posts') }}

),

posts_described as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at,
        {{ handle_in_cell('delivered_posts.username') }} as handle,
        {{ parse_x_time('delivered_posts.created_at') }} as posted_at,
        {{ unescape_html('delivered_posts.body') }} as whole_text,
        coalesce(delivered_posts.is_retweet = 'yes', false) or starts_with(delivered_posts.body, 'RT @') as is_repost,
        {{ handle_in_cell('delivered_posts.replied_user') }} as replied_handle,
        {{ split_cell('delivered_posts.hashtags', ',') }} as listed_hashtags,
        {{ split_cell('delivered_posts.mentions', ',') }} as listed_mentions,
        -- a comma within an address separates nothing
        {{ split_cell(regex_replace_all('delivered_posts.urls', ',(https?://)', ' \\1'), ' ') }} as listed_urls

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

posts_renamed as (

    select {{ post_contract_select({
        'capture_id': 'capture_id',
        'record_no': 'record_no',
        'source': "'four_cat'",
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
            ~ " when is_reply = 'yes' and lower(replied_handle) = lower(handle) then 'self_reply'"
            ~ " when is_reply = 'yes' then 'reply'"
            ~ " when is_quote = 'yes' then 'quote'"
            ~ " else 'original' end",
        'text': 'whole_text',
        'text_is_complete': text_is_whole('whole_text', 'posted_at', 'is_repost'),
        'language': language_tag('lang'),
        'reply_to_handle': 'replied_handle',
        'quoted_post_id': 'case when not is_repost then quoted_id end',
        'quoted_handle': 'case when not is_repost then ' ~ handle_in_cell('quoted_user') ~ ' end',
        'reposted_handle': 'coalesce(' ~ handle_in_cell('retweeted_user') ~ ', ' ~ reposted_handle_in('whole_text') ~ ')',
        'conversation_id': 'thread_id',
        'hashtags': listed_tags('listed_hashtags', 'whole_text'),
        'mentions': listed_handles('listed_mentions', 'whole_text'),
        'links': listed_links('listed_urls', 'whole_text'),
        'like_count': own_metric('is_repost', count_in_cell('likes')),
        'repost_count': own_metric('is_repost', count_in_cell('retweets')),
        'reply_count': own_metric('is_repost', count_in_cell('replies')),
        'quote_count': own_metric('is_repost', count_in_cell('quotes')),
        'bookmark_count': own_metric('is_repost', count_in_cell('bookmarks')),
        'impression_count': own_metric('is_repost', counted_views(count_in_cell('impressions'), 'posted_at')),
        'source_metadata': json_of([
            ('client', client_name('client')),
            ('original_like_count', "case when is_repost then " ~ count_in_cell('likes') ~ " end"),
            ('original_repost_count', "case when is_repost then " ~ count_in_cell('retweets') ~ " end"),
        ]),
    }) }}

    from posts_described

)

select * from posts_renamed
