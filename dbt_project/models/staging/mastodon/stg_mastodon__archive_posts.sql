with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

activities as (

    select * from {{ source('raw', 'mastodon_archive_posts') }}

),

texts as (

    select * from {{ source('raw', 'mastodon_texts') }}

),

posts as (

    select
        activities.*,
        captures.platform,
        coalesce(captures.owner_handle, {{ handle_in_uri('activities.actor') }}) as author_handle,
        captures.owner_name,
        captures.observed_at as capture_observed_at,
        activities."type" = 'Announce' as is_repost,
        case
            when texts.content_hash is not null then texts.text
            else {{ post_text_without_links('activities.content') }}
        end as said_text,
        coalesce(texts.links, []) as said_links,
        {{ json_struct('activities.tag', '[{"type": "VARCHAR", "name": "VARCHAR", "href": "VARCHAR"}]') }} as said_tags,
        {{ json_struct('activities.attachment', '[{"type": "VARCHAR", "mediaType": "VARCHAR"}]') }} as said_media,
        {{ parse_iso_time('activities.published') }} as published_utc,
        -- the address of a post begins with that of its author, as Mastodon writes both
        starts_with(activities.in_reply_to, concat(activities.actor, '/')) as is_self_reply

    from activities

    inner join captures
        on activities.capture_id = captures.capture_id

    left join texts
        on activities.capture_id = texts.capture_id
        and md5(activities.content) = texts.content_hash

),

posts_described as (

    select
        *,
        case when is_self_reply then author_handle else {{ handle_in_uri('in_reply_to') }} end as replied_handle,
        {{ handle_in_uri('quote_uri') }} as quoted_author_handle,
        {{ handle_in_uri('object_uri') }} as reposted_author_handle,
        {{ list_map(list_keep('said_tags', 't', "t.type = 'Hashtag'"), 't', "ltrim(t.name, '#＃')") }} as tag_names,
        {{ list_map(list_keep('said_tags', 't', "t.type = 'Mention'"), 't', struct_of([
            ('url', 't.href'),
            ('handle', handle_of_link('t.name', 't.href')),
            ('name_at_host', fediverse_handle("split_part(ltrim(t.name, '@'), '@', 1)", 't.href')),
        ])) }} as tag_mentions

    from posts

),

posts_renamed as (

    select
        ---------- where the record lies
        capture_id,
        record_no,
        'mastodon' as source,
        platform,

        ---------- ids and author
        uri as post_id,
        lower(author_handle) as account_id,
        author_handle as handle,
        owner_name as account_name,

        ---------- times
        published_utc as posted_at,
        case when {{ epoch_ms_from_timestamp('published_utc') }} % 1000 <> 0 then 'millisecond' else 'second' end
            as posted_at_precision,
        capture_observed_at as observed_at,

        ---------- what it is and says: of a boost the archive holds the address, and nothing that is said there
        case
            when is_repost then 'repost'
            when is_self_reply then 'self_reply'
            when in_reply_to is not null then 'reply'
            when quote_uri is not null then 'quote'
            else 'original'
        end as kind,
        said_text as text,
        not is_repost as text_is_complete,
        {{ language_tag('posts_described.language') }} as language,

        ---------- other posts
        in_reply_to as reply_to_post_id,
        lower(replied_handle) as reply_to_account_id,
        replied_handle as reply_to_handle,
        quote_uri as quoted_post_id,
        lower(quoted_author_handle) as quoted_account_id,
        quoted_author_handle as quoted_handle,
        object_uri as reposted_post_id,
        lower(reposted_author_handle) as reposted_account_id,
        reposted_author_handle as reposted_handle,
        cast(null as varchar) as conversation_id,

        ---------- entities
        case when not is_repost then {{ fediverse_hashtags('said_links', 'coalesce(tag_names, [])') }} end as hashtags,
        case when not is_repost then {{ fediverse_mentions('said_links', 'coalesce(tag_mentions, [])') }} end as mentions,
        case when not is_repost then {{ fediverse_links('said_links') }} end as links,
        case when not is_repost then {{ list_map('coalesce(said_media, [])', 'm', "
            case split_part(m.\"mediaType\", '/', 1) when 'image' then 'photo' when 'video' then 'video'
                when 'audio' then 'audio' else 'unknown' end
        ") }} end as media_types,

        ---------- counts: an archive has none
        {% for metric in metric_columns() -%}
        cast(null as bigint) as {{ metric }},
        {% endfor %}

        ---------- the rest
        uri as version_group,
        {{ json_of([
            ('visibility', 'visibility'),
            ('edited_at', 'updated'),
            ('content_warning', "nullif(summary, '')"),
        ]) }} as source_metadata

    from posts_described

)

select * from posts_renamed
