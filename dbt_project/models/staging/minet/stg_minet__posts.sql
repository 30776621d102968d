with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'minet_posts') }}

),

posts_described as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at,
        {{ handle_in_cell('delivered_posts.username') }} as handle,
        {{ timestamp_from_epoch_ms('try_cast(try_cast(delivered_posts.seconds as double) as bigint) * 1000') }} as posted_at,
        delivered_posts.retweeted_id is not null or coalesce(starts_with(delivered_posts.text, 'RT @'), false) as is_repost,
        delivered_posts.retweeted_id is null and delivered_posts.quoted_id is not null as has_quoted_text

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

-- In a quote the tool puts the quoted post into the text, in the place of its address, and its entities into the lists:
-- the text gets its address back, and the lists do not count.
posts_with_own_text as (

    select
        *,
        case
            when has_quoted_text
                then {{ regex_replace_all('text', '(?s)« [A-Za-z0-9_]+: .* — (https?://[^ ]+) »', '\\1') }}
            else text
        end as whole_text,
        case when not has_quoted_text then {{ split_cell('hashtags', '|') }} end as listed_hashtags,
        case when not has_quoted_text then {{ split_cell('mentioned_names', '|') }} end as listed_mentions,
        case when not has_quoted_text then {{ split_cell('mentioned_ids', '|') }} end as listed_mention_ids,
        case when not has_quoted_text then {{ split_cell('links', '|') }} end as listed_urls,
        case when not has_quoted_text then {{ split_cell('media_types', '|') }} end as listed_media_types

    from posts_described

),

posts_renamed as (

    select {{ post_contract_select({
        'capture_id': 'capture_id',
        'record_no': 'record_no',
        'source': "'minet'",
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
            ~ " when replied_user_id = user_id or lower(replied_username) = lower(handle) then 'self_reply'"
            ~ " when coalesce(replied_id, replied_user_id, replied_username) is not null then 'reply'"
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
        'quoted_handle': 'case when not is_repost then quoted_user end',
        'reposted_post_id': 'retweeted_id',
        'reposted_account_id': 'retweeted_user_id',
        'reposted_handle': 'coalesce(retweeted_user, case when is_repost then ' ~ reposted_handle_in('text') ~ ' end)',
        'hashtags': listed_tags('listed_hashtags', 'whole_text'),
        'mentions': listed_handles('listed_mentions', 'whole_text', 'listed_mention_ids'),
        'links': listed_links('listed_urls', 'whole_text'),
        'media_types': 'listed_media_types',
        'like_count': own_metric('is_repost', count_in_cell('likes')),
        'repost_count': own_metric('is_repost', count_in_cell('retweets')),
        'reply_count': own_metric('is_repost', count_in_cell('replies')),
        'quote_count': own_metric('is_repost', count_in_cell('quotes')),
        'bookmark_count': own_metric('is_repost', count_in_cell('bookmarks')),
        'impression_count': own_metric('is_repost', counted_views(count_in_cell('impressions'), 'posted_at')),
        'source_metadata': json_of([
            ('client', 'client'),
            ('collected_via', 'collected_via'),
            ('original_like_count', "case when is_repost then " ~ count_in_cell('likes') ~ " end"),
            ('original_repost_count', "case when is_repost then " ~ count_in_cell('retweets') ~ " end"),
        ]),
    }) }}

    from posts_with_own_text

)

select * from posts_renamed
