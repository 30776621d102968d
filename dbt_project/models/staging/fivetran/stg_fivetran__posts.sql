with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'fivetran_posts') }}

),

posts_described as (

    select
        delivered_posts.*,
        captures.platform,
        coalesce({{ parse_x_time(regex_replace_all('delivered_posts.synced_at', ' ?(Z|UTC)$', '')) }}, captures.observed_at)
            as observed_at,
        {{ parse_x_time(regex_replace_all('delivered_posts.created_at', ' ?(Z|UTC)$', '')) }} as posted_at,
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
        'source': "'fivetran'",
        'platform': 'platform',
        'post_id': 'tweet_id',
        'account_id': 'user_id',
        'posted_at': 'posted_at',
        'posted_at_precision': x_time_precision('posted_at', 'tweet_id'),
        'observed_at': 'observed_at',
        'kind': "case"
            ~ " when is_repost then 'repost'"
            ~ " when replied_user_id = user_id then 'self_reply'"
            ~ " when coalesce(replied_id, replied_user_id, replied_username) is not null then 'reply'"
            ~ " else 'original' end",
        'text': 'whole_text',
        'text_is_complete': "case when lower(is_cut) = 'true' then false else "
            ~ text_is_whole('whole_text', 'posted_at', 'is_repost') ~ " end",
        'language': language_tag('lang'),
        'reply_to_post_id': 'replied_id',
        'reply_to_account_id': 'replied_user_id',
        'reply_to_handle': 'replied_username',
        'reposted_handle': reposted_handle_in('whole_text'),
        'like_count': own_metric('is_repost', count_in_cell('likes')),
        'repost_count': own_metric('is_repost', count_in_cell('retweets')),
        'source_metadata': json_of([
            ('client', client_name('client')),
            ('tweet_type', 'tweet_type'),
            ('original_like_count', "case when is_repost then " ~ count_in_cell('likes') ~ " end"),
            ('original_repost_count', "case when is_repost then " ~ count_in_cell('retweets') ~ " end"),
        ]),
    }) }}

    from posts_described

)

select * from posts_renamed
