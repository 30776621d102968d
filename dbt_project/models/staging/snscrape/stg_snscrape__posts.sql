with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'snscrape_posts') }}

),

posts_described as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at,
        coalesce(delivered_posts.tweet_id, {{ post_id_in_address('delivered_posts.tweet_url') }}) as post_id,
        coalesce(
            {{ handle_in_cell('delivered_posts.username') }},
            {{ handle_in_address('delivered_posts.tweet_url') }}
        ) as handle,
        {{ parse_x_time('delivered_posts.posted_at') }} as posted_at_utc,
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
        'source': "'snscrape'",
        'platform': 'platform',
        'post_id': 'post_id',
        'account_id': "nullif(trim(user_id), '')",
        'handle': 'handle',
        'account_name': '"name"',
        'posted_at': 'posted_at_utc',
        'posted_at_precision': x_time_precision('posted_at_utc', 'post_id'),
        'observed_at': 'observed_at',
        'kind': kind_from_text('whole_text', 'handle'),
        'text': 'whole_text',
        'text_is_complete': text_is_whole('whole_text', 'posted_at_utc', 'is_repost'),
        'language': language_tag('"language"'),
        'reply_to_handle': replied_handle_in('whole_text'),
        'reposted_handle': reposted_handle_in('whole_text'),
        'like_count': own_metric('is_repost', count_in_cell('likes')),
        'repost_count': own_metric('is_repost', count_in_cell('retweets')),
        'reply_count': own_metric('is_repost', count_in_cell('replies')),
        'quote_count': own_metric('is_repost', count_in_cell('quotes')),
    }) }}

    from posts_described

)

select * from posts_renamed
