with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'sfm_posts') }}

),

posts_described as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at,
        {{ handle_in_cell('delivered_posts.username') }} as handle,
        {{ parse_x_time('delivered_posts.created_at') }} as posted_at,
        {{ unescape_html('delivered_posts.text') }} as whole_text,
        coalesce(delivered_posts.tweet_type = 'retweet', false) or coalesce(starts_with(delivered_posts.text, 'RT @'), false) as is_repost,
        -- blanks separate the parts; in some versions a comma and a blank
        {{ split_cell("replace(delivered_posts.hashtags, ',', ' ')", ' ') }} as listed_hashtags,
        {{ split_cell("replace(delivered_posts.urls, ', ', ' ')", ' ') }} as listed_urls

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

posts_renamed as (

    select {{ post_contract_select({
        'capture_id': 'capture_id',
        'record_no': 'record_no',
        'source': "'sfm'",
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
            ~ " when tweet_type = 'reply' and replied_user_id = user_id then 'self_reply'"
            ~ " else tweet_type end",
        'text': 'whole_text',
        'text_is_complete': text_is_whole('whole_text', 'posted_at', 'is_repost'),
        'language': language_tag('lang'),
        'reply_to_post_id': 'replied_id',
        'reply_to_account_id': 'replied_user_id',
        'reply_to_handle': 'replied_username',
        'quoted_post_id': 'case when not is_repost then other_id end',
        'quoted_account_id': 'case when not is_repost then other_user_id end',
        'quoted_handle': 'case when not is_repost then other_username end',
        'reposted_post_id': "case when tweet_type = 'retweet' then other_id end",
        'reposted_account_id': "case when tweet_type = 'retweet' then other_user_id end",
        'reposted_handle': "case when tweet_type = 'retweet' then other_username when is_repost then " ~ reposted_handle_in('whole_text') ~ ' end',
        'hashtags': listed_tags('listed_hashtags', 'whole_text'),
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
