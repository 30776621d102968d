with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'bluesky_posts') }}

),

posts as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at as capture_observed_at,
        coalesce(ends_with(reason."$type", '#reasonRepost'), false) as is_repost,
        {{ json_struct('delivered_posts.record.facets', '[{"index": {"byteStart": "BIGINT", "byteEnd": "BIGINT", "byte_start": "BIGINT", "byte_end": "BIGINT"}, "features": [{"$type": "VARCHAR", "py_type": "VARCHAR", "tag": "VARCHAR", "did": "VARCHAR", "uri": "VARCHAR"}]}]') }} as facets,
        {{ at_uri_account('delivered_posts.record.reply.parent.uri') }} as replied_did,
        -- the record says what is quoted even where the server no longer shows it; only posts are quoted, not lists
        {{ at_uri_of_post("
            case replace(coalesce(" ~ json_text('delivered_posts.record.embed', '$.\"$type\"') ~ ", "
            ~ json_text('delivered_posts.record.embed', '$.py_type') ~ "), '#main', '')
                when 'app.bsky.embed.record' then " ~ json_text('delivered_posts.record.embed', '$.record.uri') ~ "
                when 'app.bsky.embed.recordWithMedia'
                    then " ~ json_text('delivered_posts.record.embed', '$.record.record.uri') ~ "
            end
        ") }} as quoted_uri,
        coalesce(
            {{ json_text('delivered_posts.embed', '$.record.record.author.handle') }},
            {{ json_text('delivered_posts.embed', '$.record.author.handle') }}
        ) as quoted_author_handle,
        -- what is attached stands in the embed itself, or beside a quote in its part `media`
        case
            when {{ json_text('delivered_posts.embed', '$.media') }} is not null
                then {{ json_text('delivered_posts.embed', '$.media') }}
            else delivered_posts.embed
        end as attached

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

-- A facet is a piece of the text, in bytes, and what it is. Only the kinds of the platform's own definition count, as in
-- its own app: a hashtag or link of another kind is plain text to every reader. Some programs leave the sign or a blank in
-- the tag.
posts_with_features as (

    select
        *,
        {{ utf8_length('record.text') }} as text_bytes,
        coalesce(
            {{ json_text('attached', '$."$type"') }},
            {{ json_text('attached', '$.py_type') }}
        ) as attached_type,
        coalesce({{ list_flattened(list_map('facets', 'f', list_map('f.features', 'x', struct_of([
            ('type', "coalesce(x.\"$type\", x.py_type)"),
            ('tag', "ltrim(trim(x.tag), '#＃')"),
            ('did', 'x.did'),
            ('uri', 'x.uri'),
            ('first_byte', 'coalesce(f.index."byteStart", f.index.byte_start)'),
            ('end_byte', 'coalesce(f.index."byteEnd", f.index.byte_end)'),
        ])))) }}, []) as features

    from posts

),

posts_with_entities as (

    select
        *,
        {{ facets_of('features', 'app.bsky.richtext.facet#tag', 'record.text', 'text_bytes') }} as tag_facets,
        {{ facets_of('features', 'app.bsky.richtext.facet#mention', 'record.text', 'text_bytes') }} as mention_facets,
        {{ list_map(list_keep('features', 'x', "x.type = 'app.bsky.richtext.facet#link' and x.uri is not null"), 'x', 'x.uri') }} as link_uris,
        case when starts_with(attached_type, 'app.bsky.embed.external') then {{ json_text('attached', '$.external.uri') }} end
            as card_uri,
        -- the app's own picker of animations attaches them as a card
        starts_with(attached_type, 'app.bsky.embed.external')
        and coalesce(starts_with({{ json_text('attached', '$.external.uri') }}, 'https://media.tenor.com/'), false)
            as is_animation

    from posts_with_features

),

posts_renamed as (

    select
        ---------- where the record lies
        capture_id,
        record_no,
        'bluesky' as source,
        platform,

        ---------- ids and author: a repost is known by what it reposts and who did it, since older feeds do not give the
        ---------- address of the repost itself, and no account can repost a post twice
        case when is_repost then concat(uri, '#reposted-by-', reason."by".did) else uri end as post_id,
        case when is_repost then reason."by".did else author.did end as account_id,
        {{ bluesky_handle('case when is_repost then reason."by".handle else author.handle end') }} as handle,
        nullif(case when is_repost then reason."by"."displayName" else author."displayName" end, '') as account_name,

        ---------- times: as the author's program claims, on reposts as the server saw it
        {{ parse_iso_time('case when is_repost then reason."indexedAt" else record."createdAt" end') }} as posted_at,
        case
            when {{ epoch_ms_from_timestamp(parse_iso_time(
                'case when is_repost then reason."indexedAt" else record."createdAt" end'
            )) }} % 1000 <> 0 then 'millisecond'
            else 'second'
        end as posted_at_precision,
        capture_observed_at as observed_at,

        ---------- what it is and says
        case
            when is_repost then 'repost'
            when replied_did = author.did then 'self_reply'
            when replied_did is not null then 'reply'
            when quoted_uri is not null then 'quote'
            else 'original'
        end as kind,
        record.text as text,
        -- a bridge from another network cuts what is too long, and says so
        record.text is not null and (record."bridgyOriginalUrl" is null or not ends_with(rtrim(record.text), '[…]'))
            as text_is_complete,
        {{ language_tag(list_item('record.langs', 1)) }} as language,

        ---------- other posts
        case when not is_repost then record.reply.parent.uri end as reply_to_post_id,
        case when not is_repost then replied_did end as reply_to_account_id,
        case when not is_repost then {{ bluesky_handle('reply.parent.author.handle') }} end as reply_to_handle,
        case when not is_repost then quoted_uri end as quoted_post_id,
        case when not is_repost then {{ at_uri_account('quoted_uri') }} end as quoted_account_id,
        case
            when not is_repost and quoted_uri is not null then {{ bluesky_handle('quoted_author_handle') }}
        end as quoted_handle,
        case when is_repost then uri end as reposted_post_id,
        case when is_repost then author.did end as reposted_account_id,
        case when is_repost then {{ bluesky_handle('author.handle') }} end as reposted_handle,
        coalesce(record.reply.root.uri, uri) as conversation_id,

        ---------- entities: `tags` are hashtags beside the text; one that the text marks, too, is the same. Of a repost a
        ---------- repository holds the address alone: nothing is known of its words
        cast(case when record.text is not null then {{ list_joined([
            list_map(list_keep('tag_facets', 'x', "x.tag <> ''"), 'x', struct_of([
                ('tag', 'x.tag'), ('start', 'x."start"'), ('end', 'x."end"'),
            ])),
            list_map(list_keep(
                'coalesce(record.tags, [])', 't',
                "t <> '' and not " ~ list_holds(list_map('tag_facets', 'x', 'lower(x.tag)'), 'lower(t)')
            ), 't', struct_of([
                ('tag', 't'), ('start', 'cast(null as bigint)'), ('end', 'cast(null as bigint)'),
            ])),
        ]) }} end as {{ hashtags_type() }}) as hashtags,
        -- a mention names an account by its id; the handle stands in the text, if the author left it there
        cast(case when record.text is not null then {{ list_map(list_keep('mention_facets', 'x', 'x.did is not null'), 'x', struct_of([
            ('handle', "case when x.\"start\" is not null then "
                ~ regex_group('substring(record.text, cast(x."start" as bigint) + 1, cast(x."end" - x."start" as bigint))',
                    '^ *@?([A-Za-z0-9-]+([.][A-Za-z0-9-]+)+) *$', 1) ~ " end"),
            ('account_id', 'x.did'), ('start', 'x."start"'), ('end', 'x."end"'),
        ])) }} end as {{ mentions_type() }}) as mentions,
        -- the card below a text is a link that needs no place in it
        cast(case when record.text is not null then {{ list_map(list_joined(['link_uris', "case
            when card_uri is null or is_animation or " ~ list_holds('link_uris', 'card_uri') ~ " then []
            else [card_uri]
        end"]), 'u', struct_of([('url', 'u'), ('expanded_url', 'u')])) }} end as {{ links_type() }}) as links,
        case
            when record.text is null then null
            when attached_type like 'app.bsky.embed.images%'
                then {{ list_repeated("'photo'", 'coalesce(' ~ json_list_size('attached', '$.images') ~ ', 0)') }}
            when is_animation then ['animated_gif']
            when attached_type like 'app.bsky.embed.video%' and {{ json_text('attached', '$.presentation') }} = 'gif'
                then ['animated_gif']
            when attached_type like 'app.bsky.embed.video%' then ['video']
            else cast([] as varchar[])
        end as media_types,

        ---------- counts
        {{ own_metric('is_repost', '"likeCount"') }} as like_count,
        {{ own_metric('is_repost', '"repostCount"') }} as repost_count,
        {{ own_metric('is_repost', '"replyCount"') }} as reply_count,
        {{ own_metric('is_repost', '"quoteCount"') }} as quote_count,
        {{ own_metric('is_repost', '"bookmarkCount"') }} as bookmark_count,
        cast(null as bigint) as impression_count,

        ---------- the rest
        case when is_repost then concat(uri, '#reposted-by-', reason."by".did) else uri end as version_group,
        case
            when is_repost then {{ json_of([
                ('repost_uri', 'reason.uri'),
                ('original_created_at', 'record."createdAt"'),
                ('original_like_count', '"likeCount"'),
                ('original_repost_count', '"repostCount"'),
            ]) }}
            else {{ json_of([('indexed_at', '"indexedAt"'), ('bridged_from', 'record."bridgyOriginalUrl"')]) }}
        end as source_metadata

    from posts_with_entities

)

select * from posts_renamed
