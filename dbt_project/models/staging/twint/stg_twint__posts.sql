{#- People as Python prints them: `[{'screen_name': 'who', 'name': '…', 'id': '14499829'}]`. -#}
{%- set _screen_name = "''screen_name'': ''([A-Za-z0-9_]+)''" -%}
{%- set _account_id = "''id'': ''([0-9]+)''" -%}
with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'twint_posts') }}

),

posts_described as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at,
        coalesce(delivered_posts.is_retweet = 'True', false) as is_marked_repost,
        coalesce(delivered_posts.is_retweet = 'True', false) or coalesce(starts_with(delivered_posts.text, 'RT @'), false) as is_repost,
        -- of the two ids of a repost the later one is its own
        case
            when delivered_posts.is_retweet = 'True'
                then cast(greatest(
                    try_cast(delivered_posts.tweet_id as bigint), try_cast(delivered_posts.retweet_id as bigint)
                ) as varchar)
            else coalesce(delivered_posts.tweet_id, {{ post_id_in_address('delivered_posts.link') }})
        end as post_id,
        coalesce({{ handle_in_address('delivered_posts.link') }}, {{ handle_in_cell('delivered_posts.username') }})
            as named_handle,
        {{ handle_in_cell('delivered_posts.retweeter') }} as retweeter_handle,
        {{ parse_time(
            "concat(day, ' ', clock, ' ', replace(utc_offset, 'UTC', '+0000'))", '%Y-%m-%d %H:%M:%S %z'
        ) }} as clock_posted_at,
        {{ unescape_html('delivered_posts.text') }} as whole_text,
        {{ python_texts('delivered_posts.hashtags') }} as listed_hashtags,
        {{ regex_groups('delivered_posts.mentions', _screen_name, 1) }} as listed_mentions,
        {{ regex_groups('delivered_posts.mentions', _account_id, 1) }} as listed_mention_ids,
        {{ python_texts('delivered_posts.urls') }} as listed_urls,
        {{ regex_group('delivered_posts.replied_users', _screen_name, 1) }} as replied_handle,
        {{ regex_group('delivered_posts.replied_users', _account_id, 1) }} as replied_user_id

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

-- The user of a row is the original's author where the row names a retweeter beside it; else the row is the retweeter's.
-- The clock may be the original's, too: a repost's own time is in its id.
posts_with_authors as (

    select
        *,
        case when is_repost then coalesce(retweeter_handle, named_handle) else named_handle end as handle,
        case when is_repost then coalesce(retweeter_id, user_id) else user_id end as account_id,
        case
            when is_repost and retweeter_handle is not null then named_handle
            when is_repost then {{ reposted_handle_in('whole_text') }}
        end as reposted_handle,
        case when is_marked_repost then coalesce({{ time_in_id('post_id') }}, clock_posted_at) else clock_posted_at end as posted_at

    from posts_described

),

-- Whom a post answers is listed, but for its own author: in an answer that lists nobody it is the author.
posts_renamed as (

    select {{ post_contract_select({
        'capture_id': 'capture_id',
        'record_no': 'record_no',
        'source': "'twint'",
        'platform': 'platform',
        'post_id': 'post_id',
        'account_id': 'account_id',
        'handle': 'handle',
        'account_name': 'case when not is_marked_repost then full_name end',
        'posted_at': 'posted_at',
        'posted_at_precision': x_time_precision('posted_at', 'post_id'),
        'observed_at': 'observed_at',
        'kind': "case"
            ~ " when is_repost then 'repost'"
            ~ " when conversation_id <> tweet_id and replied_handle is null then 'self_reply'"
            ~ " when conversation_id <> tweet_id then 'reply'"
            ~ " when quoted_url is not null then 'quote'"
            ~ " else 'original' end",
        'text': 'whole_text',
        'text_is_complete': text_is_whole('whole_text', 'posted_at', 'is_repost'),
        'language': language_tag('lang'),
        'reply_to_account_id': 'replied_user_id',
        'reply_to_handle': 'replied_handle',
        'quoted_post_id': 'case when not is_repost then ' ~ post_id_in_address('quoted_url') ~ ' end',
        'quoted_handle': 'case when not is_repost then ' ~ handle_in_address('quoted_url') ~ ' end',
        'reposted_post_id': "case when is_marked_repost then"
            ~ " cast(least(try_cast(tweet_id as bigint), try_cast(retweet_id as bigint)) as varchar) end",
        'reposted_handle': 'reposted_handle',
        'conversation_id': 'case when not is_repost then conversation_id end',
        'hashtags': listed_tags('listed_hashtags', 'whole_text'),
        'mentions': listed_handles('listed_mentions', 'whole_text', 'listed_mention_ids'),
        'links': listed_links('listed_urls', 'whole_text'),
        'like_count': own_metric('is_repost', count_in_cell('likes')),
        'repost_count': own_metric('is_repost', count_in_cell('retweets')),
        'reply_count': own_metric('is_repost', count_in_cell('replies')),
        'source_metadata': json_of([
            ('client', client_name('client')),
            ('original_like_count', "case when is_repost then " ~ count_in_cell('likes') ~ " end"),
            ('original_repost_count', "case when is_repost then " ~ count_in_cell('retweets') ~ " end"),
        ]),
    }) }}

    from posts_with_authors

)

select * from posts_renamed
