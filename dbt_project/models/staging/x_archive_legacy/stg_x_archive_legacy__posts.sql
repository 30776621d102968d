with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'x_archive_legacy_posts') }}

),

posts_described as (

    select
        delivered_posts.*,
        captures.platform,
        captures.owner_account_id,
        captures.owner_handle,
        captures.owner_name,
        captures.observed_at as capture_observed_at,
        {{ parse_x_time('delivered_posts.created_at') }} as posted_at,
        -- months that other tools re-wrote hold the whole text beside the cut one
        coalesce(delivered_posts.full_text, delivered_posts.text) as wrapper_text,
        coalesce(delivered_posts.retweeted_status.full_text, delivered_posts.retweeted_status.text) as original_text,
        -- reposts made by hand ("RT @…" typed by the user) are reposts too: X's own count of them in the archive of the
        -- time knew only those made with the button
        delivered_posts.retweeted_status is not null
        or starts_with(coalesce(delivered_posts.full_text, delivered_posts.text), 'RT @') as is_repost,
        delivered_posts.quoted_status is not null
        or delivered_posts.quoted_status_id_str is not null
        or coalesce(delivered_posts.is_quote_status, false) as is_quote,
        delivered_posts.in_reply_to_status_id_str is not null
        or delivered_posts.in_reply_to_user_id_str is not null
        or delivered_posts.in_reply_to_screen_name is not null as is_reply

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

posts_authored as (

    select
        *,
        coalesce("user".id_str, owner_account_id) as author_id,
        coalesce("user".screen_name, owner_handle) as author_handle,
        -- a repost says what the original says: its wrapper is cut, and lists the entities of what is left
        coalesce(original_text, wrapper_text) as delivered_text,
        case when original_text is not null then retweeted_status.entities else entities end as delivered_entities,
        case
            when original_text is not null then retweeted_status.extended_entities
            else extended_entities
        end as delivered_media

    from posts_described

),

posts_renamed as (

    select
        ---------- where the record lies
        capture_id,
        record_no,
        'x_archive_legacy' as source,
        platform,

        ---------- ids and author
        id_str as post_id,
        author_id as account_id,
        author_handle as handle,
        coalesce("user"."name", owner_name) as account_name,

        ---------- times
        posted_at,
        {{ x_time_precision('posted_at', 'id_str') }} as posted_at_precision,
        capture_observed_at as observed_at,

        ---------- what it is and says
        case
            when is_repost then 'repost'
            when is_reply and (
                in_reply_to_user_id_str = author_id
                or (in_reply_to_user_id_str is null and lower(in_reply_to_screen_name) = lower(author_handle))
            ) then 'self_reply'
            when is_reply then 'reply'
            when is_quote then 'quote'
            else 'original'
        end as kind,
        {{ unescape_html('delivered_text') }} as text,
        case
            when original_text is not null
                then not (coalesce(retweeted_status.truncated, false) and retweeted_status.full_text is null)
            when truncated and full_text is null then false
            when is_repost then not ends_with(delivered_text, '…')
            else true
        end as text_is_complete,
        {{ language_tag('lang') }} as language,

        ---------- other posts
        in_reply_to_status_id_str as reply_to_post_id,
        in_reply_to_user_id_str as reply_to_account_id,
        in_reply_to_screen_name as reply_to_handle,
        case when not is_repost then coalesce(quoted_status_id_str, quoted_status.id_str) end as quoted_post_id,
        case when not is_repost then quoted_status."user".id_str end as quoted_account_id,
        case when not is_repost then quoted_status."user".screen_name end as quoted_handle,
        retweeted_status.id_str as reposted_post_id,
        case
            when retweeted_status."user".id_str is not null then retweeted_status."user".id_str
            -- the mention behind `RT @`
            when is_repost then {{ list_item(list_map(list_keep(
                'entities.user_mentions', 'm', 'cast(m.indices[1] as bigint) = 3'
            ), 'm', known_account_id('m.id_str')), 1) }}
        end as reposted_account_id,
        case
            when retweeted_status."user".screen_name is not null then retweeted_status."user".screen_name
            when is_repost then {{ reposted_handle_in('wrapper_text') }}
        end as reposted_handle,
        cast(null as varchar) as conversation_id,

        ---------- entities
        cast(case
            when delivered_entities is not null then coalesce({{ entity_list(
                'delivered_entities.hashtags', 'h', [('tag', 'h.text')], 'h.indices[1]', 'h.indices[2]', 'delivered_text'
            ) }}, [])
        end as {{ hashtags_type() }}) as hashtags,
        cast(case
            when delivered_entities is not null then coalesce({{ entity_list(
                'delivered_entities.user_mentions', 'm',
                [('handle', 'm.screen_name'), ('account_id', known_account_id('m.id_str'))],
                'm.indices[1]', 'm.indices[2]', 'delivered_text'
            ) }}, [])
        end as {{ mentions_type() }}) as mentions,
        cast(case
            when delivered_entities is not null then coalesce({{ list_map('delivered_entities.urls', 'u', struct_of([
                ('url', 'u.url'), ('expanded_url', 'u.expanded_url'),
            ])) }}, [])
        end as {{ links_type() }}) as links,
        case
            when delivered_media is not null then coalesce({{ list_map('delivered_media.media', 'm', 'm.type') }}, [])
            -- before extended entities the archive lists pictures only, and does not name the type
            when delivered_entities is not null
                then coalesce({{ list_map('delivered_entities.media', 'm', "coalesce(m.type, 'photo')") }}, cast([] as varchar[]))
        end as media_types,

        ---------- counts
        {{ own_metric('is_repost', 'favorite_count') }} as like_count,
        {{ own_metric('is_repost', 'retweet_count') }} as repost_count,
        cast(null as bigint) as reply_count,
        cast(null as bigint) as quote_count,
        cast(null as bigint) as bookmark_count,
        cast(null as bigint) as impression_count,

        ---------- the rest
        id_str as version_group,
        case
            when is_repost then {{ json_of([
                ('client', client_name('posts_authored.source')),
                ('original_like_count', 'favorite_count'),
                ('original_repost_count', 'retweet_count'),
                ('original_posted_at', 'retweeted_status.created_at'),
            ]) }}
            else {{ json_of([('client', client_name('posts_authored.source'))]) }}
        end as source_metadata

    from posts_authored

)

select * from posts_renamed
