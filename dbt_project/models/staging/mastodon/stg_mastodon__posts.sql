with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'mastodon_posts') }}

),

texts as (

    select * from {{ source('raw', 'mastodon_texts') }}

),

-- A server's own ids mean nothing elsewhere: a reply names its post by such an id, which the capture itself can resolve
-- when it holds that post, or a boost of it.
local_ids as (

    select
        capture_id,
        id as local_id,
        uri,
        {{ fediverse_handle('account.acct', 'coalesce(account.url, uri)') }} as handle

    from {{ source('raw', 'mastodon_posts') }}

    union all

    select
        capture_id,
        reblog.id as local_id,
        reblog.uri as uri,
        {{ fediverse_handle('reblog.account.acct', 'coalesce(reblog.account.url, reblog.uri)') }} as handle

    from {{ source('raw', 'mastodon_posts') }}

    where reblog.id is not null

),

uris_of_local_ids as (

    select
        capture_id,
        local_id,
        min(uri) as uri,
        min(handle) as handle

    from local_ids

    where local_id is not null

    group by 1, 2

    having count(distinct uri) = 1

),

posts as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at as capture_observed_at,
        delivered_posts.reblog.uri is not null as is_repost,
        {{ fediverse_handle('delivered_posts.account.acct', 'coalesce(delivered_posts.account.url, delivered_posts.uri)') }}
            as author_handle,
        {{ fediverse_handle(
            'delivered_posts.reblog.account.acct', 'coalesce(delivered_posts.reblog.account.url, delivered_posts.reblog.uri)'
        ) }} as reposted_author_handle,
        case
            when texts.content_hash is not null then texts.text
            else {{ post_text_without_links('coalesce(delivered_posts.reblog.content, delivered_posts.content)') }}
        end as said_text,
        coalesce(texts.links, []) as said_links,
        -- a boost says what its original says
        {{ list_map('case when delivered_posts.reblog.uri is not null then delivered_posts.reblog.tags else delivered_posts.tags end', 't', 't.name') }} as said_tags,
        {{ list_map('case when delivered_posts.reblog.uri is not null then delivered_posts.reblog.mentions else delivered_posts.mentions end', 'm', struct_of([
            ('id', 'm.id'),
            ('url', 'm.url'),
            ('handle', fediverse_handle('m.acct', 'm.url')),
            ('name_at_host', fediverse_handle("coalesce(m.username, split_part(m.acct, '@', 1))", 'm.url')),
        ])) }} as said_mentions,
        case when delivered_posts.reblog.uri is not null then delivered_posts.reblog.media_attachments else delivered_posts.media_attachments end
            as said_media,
        coalesce({{ json_text('delivered_posts.quote', '$.quoted_status.uri') }}, {{ json_text('delivered_posts.quote', '$.uri') }})
            as quoted_uri,
        {{ fediverse_handle(
            'coalesce(' ~ json_text('delivered_posts.quote', '$.quoted_status.account.acct') ~ ', '
                ~ json_text('delivered_posts.quote', '$.account.acct') ~ ')',
            'coalesce(' ~ json_text('delivered_posts.quote', '$.quoted_status.account.url') ~ ', '
                ~ json_text('delivered_posts.quote', '$.account.url') ~ ')'
        ) }} as quoted_author_handle,
        uris_of_local_ids.uri as replied_uri,
        uris_of_local_ids.handle as replied_author_handle

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

    left join texts
        on delivered_posts.capture_id = texts.capture_id
        and md5(coalesce(delivered_posts.reblog.content, delivered_posts.content)) = texts.content_hash

    left join uris_of_local_ids
        on delivered_posts.capture_id = uris_of_local_ids.capture_id
        and delivered_posts.in_reply_to_id = uris_of_local_ids.local_id

),

posts_described as (

    select
        *,
        not is_repost and (in_reply_to_id is not null or in_reply_to_account_id is not null) as is_reply,
        case
            when in_reply_to_account_id = account.id then author_handle
            else coalesce(
                replied_author_handle,
                {{ list_item(list_map(list_keep('said_mentions', 'm', 'm.id = in_reply_to_account_id'), 'm', 'm.handle'), 1) }}
            )
        end as replied_handle,
        {{ parse_iso_time('created_at') }} as created_at_utc

    from posts

),

posts_renamed as (

    select
        ---------- where the record lies
        capture_id,
        record_no,
        'mastodon' as source,
        platform,

        ---------- ids and author: every server counts for itself, the handle with its server is the same everywhere
        uri as post_id,
        lower(author_handle) as account_id,
        author_handle as handle,
        nullif(account.display_name, '') as account_name,

        ---------- times
        created_at_utc as posted_at,
        case when {{ epoch_ms_from_timestamp('created_at_utc') }} % 1000 <> 0 then 'millisecond' else 'second' end
            as posted_at_precision,
        capture_observed_at as observed_at,

        ---------- what it is and says
        case
            when is_repost then 'repost'
            when is_reply and in_reply_to_account_id = account.id then 'self_reply'
            when is_reply then 'reply'
            when quoted_uri is not null then 'quote'
            else 'original'
        end as kind,
        said_text as text,
        true as text_is_complete,
        {{ language_tag('case when is_repost then reblog.language else posts_described.language end') }} as language,

        ---------- other posts
        case when is_reply then replied_uri end as reply_to_post_id,
        case when is_reply then lower(replied_handle) end as reply_to_account_id,
        case when is_reply then replied_handle end as reply_to_handle,
        case when not is_repost then quoted_uri end as quoted_post_id,
        case when not is_repost then lower(quoted_author_handle) end as quoted_account_id,
        case when not is_repost then quoted_author_handle end as quoted_handle,
        case when is_repost then reblog.uri end as reposted_post_id,
        case when is_repost then lower(reposted_author_handle) end as reposted_account_id,
        case when is_repost then reposted_author_handle end as reposted_handle,
        cast(null as varchar) as conversation_id,

        ---------- entities
        {{ fediverse_hashtags('said_links', 'coalesce(said_tags, [])') }} as hashtags,
        {{ fediverse_mentions('said_links', 'coalesce(said_mentions, [])') }} as mentions,
        {{ fediverse_links('said_links') }} as links,
        {{ list_map('coalesce(said_media, [])', 'm', "
            case m.type when 'image' then 'photo' when 'gifv' then 'animated_gif' else coalesce(m.type, 'unknown') end
        ") }} as media_types,

        ---------- counts
        {{ own_metric('is_repost', 'favourites_count') }} as like_count,
        {{ own_metric('is_repost', 'reblogs_count') }} as repost_count,
        {{ own_metric('is_repost', 'replies_count') }} as reply_count,
        {{ own_metric('is_repost', 'quotes_count') }} as quote_count,
        cast(null as bigint) as bookmark_count,
        cast(null as bigint) as impression_count,

        ---------- the rest
        uri as version_group,
        case
            when is_repost then {{ json_of([
                ('client', 'application.name'),
                ('visibility', 'visibility'),
                ('original_like_count', 'reblog.favourites_count'),
                ('original_repost_count', 'reblog.reblogs_count'),
            ]) }}
            else {{ json_of([
                ('client', 'application.name'),
                ('visibility', 'visibility'),
                ('edited_at', 'edited_at'),
                ('content_warning', "nullif(spoiler_text, '')"),
                ('local_reply_to_id', 'case when replied_uri is null then in_reply_to_id end'),
            ]) }}
        end as source_metadata

    from posts_described

)

select * from posts_renamed
