with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'twarc_csv_posts') }}

),

posts_described as (

    select
        delivered_posts.*,
        captures.platform,
        coalesce({{ parse_x_time('delivered_posts.retrieved_at') }}, captures.observed_at) as observed_at,
        {{ handle_in_cell('delivered_posts.username') }} as handle,
        {{ parse_x_time('delivered_posts.created_at') }} as posted_at,
        -- the tool writes a newline as these two characters
        {{ unescape_html("replace(delivered_posts.text, '\\n', chr(10))") }} as whole_text,
        delivered_posts.retweeted_id is not null or coalesce(starts_with(delivered_posts.text, 'RT @'), false) as is_repost,
        {{ cell_texts('delivered_posts.hashtags', '$[*]') }} as listed_hashtags,
        {{ cell_texts('delivered_posts.mentions', '$[*]') }} as listed_mentions,
        {{ cell_texts('delivered_posts.urls', '$[*]') }} as listed_urls

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

posts_renamed as (

    select {{ post_contract_select({
        'capture_id': 'capture_id',
        'record_no': 'record_no',
        'source': "'twarc_csv'",
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
            ~ " when replied_user_id = user_id then 'self_reply'"
            ~ " when replied_user_id is not null or replied_id is not null then 'reply'"
            ~ " when quoted_id is not null then 'quote'"
            ~ " else 'original' end",
        'text': 'whole_text',
        'text_is_complete': text_is_whole('whole_text', 'posted_at', 'is_repost'),
        'language': language_tag('lang'),
        'reply_to_post_id': 'replied_id',
        'reply_to_account_id': 'replied_user_id',
        'reply_to_handle': 'replied_username',
        'quoted_post_id': 'case when not is_repost then quoted_id end',
        'quoted_account_id': 'case when not is_repost then quoted_user_id end',
        'quoted_handle': 'case when not is_repost then quoted_username end',
        'reposted_post_id': 'retweeted_id',
        'reposted_account_id': 'retweeted_user_id',
        'reposted_handle': 'coalesce(retweeted_username, case when is_repost then ' ~ reposted_handle_in('whole_text') ~ ' end)',
        'conversation_id': 'conversation_id',
        'hashtags': listed_tags('listed_hashtags', 'whole_text'),
        'mentions': listed_handles('listed_mentions', 'whole_text'),
        'links': listed_links('listed_urls', 'whole_text'),
        'media_types': cell_texts('media', '$[*].type'),
        'like_count': own_metric('is_repost', count_in_cell('likes')),
        'repost_count': own_metric('is_repost', count_in_cell('retweets')),
        'reply_count': own_metric('is_repost', count_in_cell('replies')),
        'quote_count': own_metric('is_repost', count_in_cell('quotes')),
        'bookmark_count': own_metric('is_repost', count_in_cell('bookmarks')),
        'impression_count': own_metric('is_repost', counted_views(count_in_cell('impressions'), 'posted_at')),
        'version_group': 'coalesce(' ~ list_item(cell_texts('versions', '$[*]'), 1) ~ ', tweet_id)',
        'source_metadata': json_of([
            ('client', client_name('client')),
            ('original_like_count', "case when is_repost then " ~ count_in_cell('likes') ~ " end"),
            ('original_repost_count', "case when is_repost then " ~ count_in_cell('retweets') ~ " end"),
        ]),
    }) }}

    from posts_described

)

select * from posts_renamed
