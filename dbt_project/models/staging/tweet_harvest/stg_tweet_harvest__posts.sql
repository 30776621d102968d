with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'tweet_harvest_posts') }}

),

posts_described as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at,
        coalesce(delivered_posts.tweet_id, {{ post_id_in_address('delivered_posts.tweet_url') }}) as post_id,
        coalesce(
            {{ handle_in_cell('delivered_posts.username') }},
            -- what a script writes for a name that is not there
            nullif({{ handle_in_address('delivered_posts.tweet_url') }}, 'undefined')
        ) as handle,
        {{ parse_x_time('delivered_posts.created_at') }} as posted_at,
        {{ unescape_html('delivered_posts.text') }} as whole_text,
        starts_with(delivered_posts.text, 'RT @') as is_repost,
        {{ handle_in_cell('delivered_posts.replied_username') }} as replied_handle

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

posts_renamed as (

    select {{ post_contract_select({
        'capture_id': 'capture_id',
        'record_no': 'record_no',
        'source': "'tweet_harvest'",
        'platform': 'platform',
        'post_id': 'post_id',
        'account_id': 'user_id',
        'handle': 'handle',
        'posted_at': 'posted_at',
        'posted_at_precision': x_time_precision('posted_at', 'post_id'),
        'observed_at': 'observed_at',
        'kind': "case"
            ~ " when is_repost then 'repost'"
            ~ " when lower(replied_handle) = lower(handle) then 'self_reply'"
            ~ " when replied_handle is not null or conversation_id <> post_id then 'reply'"
            ~ " else 'original' end",
        'text': 'whole_text',
        'text_is_complete': text_is_whole('whole_text', 'posted_at', 'is_repost'),
        'language': language_tag('lang'),
        'reply_to_handle': 'replied_handle',
        'reposted_handle': reposted_handle_in('whole_text'),
        'conversation_id': 'conversation_id',
        'like_count': own_metric('is_repost', count_in_cell('likes')),
        'repost_count': own_metric('is_repost', count_in_cell('retweets')),
        'reply_count': own_metric('is_repost', count_in_cell('replies')),
        'quote_count': own_metric('is_repost', count_in_cell('quotes')),
        'source_metadata': json_of([
            ('original_like_count', "case when is_repost then " ~ count_in_cell('likes') ~ " end"),
            ('original_repost_count', "case when is_repost then " ~ count_in_cell('retweets') ~ " end"),
        ]),
    }) }}

    from posts_described

)

select * from posts_renamed
