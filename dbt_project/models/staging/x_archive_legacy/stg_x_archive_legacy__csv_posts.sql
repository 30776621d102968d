with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'x_archive_legacy_csv_posts') }}

),

posts_described as (

    select
        delivered_posts.capture_id,
        delivered_posts.record_no,
        delivered_posts.tweet_id,
        delivered_posts.text,
        delivered_posts.source,
        delivered_posts.retweeted_status_timestamp,
        captures.platform,
        captures.owner_account_id,
        captures.owner_handle,
        captures.owner_name,
        captures.observed_at as capture_observed_at,
        {{ parse_x_time('delivered_posts."timestamp"') }} as posted_at,
        -- a spreadsheet writes an empty cell where JSON has no field
        nullif(delivered_posts.in_reply_to_status_id, '') as in_reply_to_status_id,
        nullif(delivered_posts.in_reply_to_user_id, '') as in_reply_to_user_id,
        nullif(delivered_posts.retweeted_status_id, '') as retweeted_status_id,
        nullif(delivered_posts.retweeted_status_user_id, '') as retweeted_status_user_id,
        nullif(delivered_posts.expanded_urls, '') as expanded_urls,
        coalesce(delivered_posts.retweeted_status_id, '') <> ''
        or starts_with(delivered_posts.text, 'RT @') as is_repost

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

posts_renamed as (

    select
        ---------- where the record lies
        capture_id,
        record_no,
        'x_archive_legacy_csv' as source,
        platform,

        ---------- ids and author
        tweet_id as post_id,
        owner_account_id as account_id,
        owner_handle as handle,
        owner_name as account_name,

        ---------- times
        posted_at,
        {{ x_time_precision('posted_at', 'tweet_id') }} as posted_at_precision,
        capture_observed_at as observed_at,

        ---------- what it is and says
        case
            when is_repost then 'repost'
            when in_reply_to_user_id = owner_account_id then 'self_reply'
            when in_reply_to_user_id is not null or in_reply_to_status_id is not null then 'reply'
            else 'original'
        end as kind,
        {{ unescape_html('text') }} as text,
        case when is_repost then not ends_with(text, '…') else true end as text_is_complete,
        cast(null as varchar) as language,

        ---------- other posts
        in_reply_to_status_id as reply_to_post_id,
        in_reply_to_user_id as reply_to_account_id,
        cast(null as varchar) as reply_to_handle,
        cast(null as varchar) as quoted_post_id,
        cast(null as varchar) as quoted_account_id,
        cast(null as varchar) as quoted_handle,
        retweeted_status_id as reposted_post_id,
        retweeted_status_user_id as reposted_account_id,
        case when is_repost then {{ reposted_handle_in('text') }} end as reposted_handle,
        cast(null as varchar) as conversation_id,

        ---------- entities: the spreadsheet has none, except the addresses that links led to
        cast(null as {{ hashtags_type() }}) as hashtags,
        cast(null as {{ mentions_type() }}) as mentions,
        cast({{ list_map(
            split_list("replace(expanded_urls, ',http', ' http')", ' '),
            'u', struct_of([('url', 'cast(null as varchar)'), ('expanded_url', 'u')])
        ) }} as {{ links_type() }}) as links,
        cast(null as varchar[]) as media_types,

        ---------- counts
        cast(null as bigint) as like_count,
        cast(null as bigint) as repost_count,
        cast(null as bigint) as reply_count,
        cast(null as bigint) as quote_count,
        cast(null as bigint) as bookmark_count,
        cast(null as bigint) as impression_count,

        ---------- the rest
        tweet_id as version_group,
        case
            when is_repost then {{ json_of([
                ('client', client_name('posts_described.source')),
                ('original_posted_at', "nullif(retweeted_status_timestamp, '')"),
            ]) }}
            else {{ json_of([('client', client_name('posts_described.source'))]) }}
        end as source_metadata

    from posts_described

)

select * from posts_renamed
