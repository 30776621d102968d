with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'x_archive_posts') }}

),

delivered_notes as (

    select * from {{ source('raw', 'x_archive_notes') }}

),

posts as (

    select
        delivered_posts.*,
        captures.platform,
        captures.owner_account_id,
        captures.owner_handle,
        captures.owner_name,
        captures.observed_at as capture_observed_at,
        {{ parse_x_time('delivered_posts.created_at') }} as posted_at,
        -- the archive does not mark a repost: the text is all that tells
        starts_with(delivered_posts.full_text, 'RT @') as is_repost,
        {{ list_item('delivered_posts.entities.urls', -1) }} as last_link

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

-- A long post stands twice in an archive: cut among the posts, whole among the notes, under another id. The two belong
-- together when they were made within one second of each other and the whole begins like the cut one. The time is
-- looked up by second: a note of second s fits posts of second s and s + 1.
notes as (

    select
        capture_id,
        note_tweet_id,
        {{ unescape_html('text') }} as note_text,
        text as escaped_note_text,
        hashtags as note_hashtags,
        mentions as note_mentions,
        urls as note_links,
        {{ epoch_ms_from_timestamp(parse_x_time('created_at')) }} as note_ms

    from delivered_notes

),

note_seconds as (

    select
        *,
        unnest({{ list_of(['note_ms // 1000', 'note_ms // 1000 + 1']) }}) as match_second

    from notes

),

-- An import of its own: a part of this view used twice would be kept whole, and a reader of one column would pay for all.
post_times as (

    select
        capture_id,
        record_no,
        full_text,
        {{ epoch_ms_from_timestamp(parse_x_time('created_at')) }} as post_ms

    from {{ source('raw', 'x_archive_posts') }}

),

note_candidates as (

    select
        post_times.record_no,
        note_seconds.*,
        abs(post_times.post_ms - note_seconds.note_ms) as distance_ms,
        -- what stands before the cut, without the links that X adds
        rtrim(split_part(split_part({{ unescape_html('post_times.full_text') }}, '…', 1), 'https://t.co/', 1)) as stub

    from post_times

    inner join note_seconds
        on post_times.capture_id = note_seconds.capture_id
        and post_times.post_ms // 1000 = note_seconds.match_second

    where abs(post_times.post_ms - note_seconds.note_ms) < 1000
        and not starts_with(post_times.full_text, 'RT @')

),

note_matches as (

    select
        *,
        row_number() over (
            partition by capture_id, record_no
            order by length(stub) desc, distance_ms, note_tweet_id
        ) as choice_of_post,
        row_number() over (
            partition by capture_id, note_tweet_id
            order by length(stub) desc, distance_ms, record_no
        ) as choice_of_note

    from note_candidates

    where starts_with(note_text, stub)
        -- a reply's handles may stand before the cut text only
        or starts_with(note_text, {{ regex_replace_all('stub', '^(@[A-Za-z0-9_]+ +)+', '') }})

),

note_of_post as (

    select * from note_matches
    where choice_of_post = 1 and choice_of_note = 1

),

posts_described as (

    select
        posts.*,
        note_of_post.note_tweet_id,
        note_of_post.note_text,
        note_of_post.escaped_note_text,
        note_of_post.note_hashtags,
        note_of_post.note_mentions,
        note_of_post.note_links,
        -- the archive does not mark a quote either: it is the link to a post that ends the text, since quoting exists
        -- (2015-04-06); before it, such a link is a link
        not posts.is_repost
        and posts.posted_at >= timestamptz '2015-04-06 00:00:00+00'
        and posts.last_link.url is not null
        and ends_with(posts.full_text, posts.last_link.url)
        and case
            when strpos(posts.last_link.expanded_url, '/status') > 0
                then {{ regex_match('posts.last_link.expanded_url', post_link_pattern()) }}
            else false
        end as is_quote,
        posts.in_reply_to_status_id_str is not null
        or posts.in_reply_to_user_id_str is not null
        or posts.in_reply_to_screen_name is not null as is_reply

    from posts

    left join note_of_post
        on posts.capture_id = note_of_post.capture_id
        and posts.record_no = note_of_post.record_no

),

posts_renamed as (

    select
        ---------- where the record lies
        capture_id,
        record_no,
        'x_archive' as source,
        platform,

        ---------- ids and author
        id_str as post_id,
        owner_account_id as account_id,
        owner_handle as handle,
        owner_name as account_name,

        ---------- times
        posted_at,
        {{ x_time_precision('posted_at', 'id_str') }} as posted_at_precision,
        capture_observed_at as observed_at,

        ---------- what it is and says
        case
            when is_repost then 'repost'
            when is_reply and (
                in_reply_to_user_id_str = owner_account_id
                or (in_reply_to_user_id_str is null and lower(in_reply_to_screen_name) = lower(owner_handle))
            ) then 'self_reply'
            when is_reply then 'reply'
            when is_quote then 'quote'
            else 'original'
        end as kind,
        coalesce(note_text, {{ unescape_html('full_text') }}) as text,
        case
            when note_text is not null then true
            when truncated then false
            when is_repost then not ends_with(full_text, '…')
            else not {{ ends_like_a_cut_long_post('full_text', 'posted_at') }}
        end as text_is_complete,
        {{ language_tag('lang') }} as language,

        ---------- other posts
        in_reply_to_status_id_str as reply_to_post_id,
        in_reply_to_user_id_str as reply_to_account_id,
        in_reply_to_screen_name as reply_to_handle,
        case when is_quote then {{ regex_group('last_link.expanded_url', post_link_pattern(), 2) }} end as quoted_post_id,
        cast(null as varchar) as quoted_account_id,
        case
            when is_quote then nullif({{ regex_group('last_link.expanded_url', post_link_pattern(), 1) }}, 'i')
        end as quoted_handle,
        cast(null as varchar) as reposted_post_id,
        case
            -- the mention behind `RT @`
            when is_repost then {{ list_item(list_map(list_keep(
                'entities.user_mentions', 'm', 'cast(m.indices[1] as bigint) = 3'
            ), 'm', known_account_id('m.id_str')), 1) }}
        end as reposted_account_id,
        case when is_repost then {{ reposted_handle_in('full_text') }} end as reposted_handle,
        cast(null as varchar) as conversation_id,

        ---------- entities
        cast(case
            when note_text is not null then {{ entity_list(
                'note_hashtags', 'h', [('tag', 'h.text')], 'h."fromIndex"', 'h."toIndex"', 'escaped_note_text'
            ) }}
            when entities is not null then coalesce({{ entity_list(
                'entities.hashtags', 'h', [('tag', 'h.text')], 'h.indices[1]', 'h.indices[2]', 'full_text'
            ) }}, [])
        end as {{ hashtags_type() }}) as hashtags,
        cast(case
            when note_text is not null then {{ entity_list('note_mentions', 'n', [
                ('handle', 'n."screenName"'),
                ('account_id', list_item(list_map(list_keep(
                    'entities.user_mentions', 'm', 'lower(m.screen_name) = lower(n."screenName")'
                ), 'm', known_account_id('m.id_str')), 1)),
            ], 'n."fromIndex"', 'n."toIndex"', 'escaped_note_text') }}
            when entities is not null then coalesce({{ entity_list(
                'entities.user_mentions', 'm',
                [('handle', 'm.screen_name'), ('account_id', known_account_id('m.id_str'))],
                'm.indices[1]', 'm.indices[2]', 'full_text'
            ) }}, [])
        end as {{ mentions_type() }}) as mentions,
        cast(case
            when note_text is not null then {{ list_map('note_links', 'u', struct_of([
                ('url', 'u."shortUrl"'), ('expanded_url', 'u."expandedUrl"'),
            ])) }}
            when entities is not null then coalesce({{ list_map('entities.urls', 'u', struct_of([
                ('url', 'u.url'), ('expanded_url', 'u.expanded_url'),
            ])) }}, [])
        end as {{ links_type() }}) as links,
        case
            when extended_entities is not null then coalesce({{ list_map('extended_entities.media', 'm', 'm.type') }}, [])
            when entities is not null then cast([] as varchar[])
        end as media_types,

        ---------- counts
        {{ own_metric('is_repost', 'try_cast(favorite_count as bigint)') }} as like_count,
        {{ own_metric('is_repost', 'try_cast(retweet_count as bigint)') }} as repost_count,
        cast(null as bigint) as reply_count,
        cast(null as bigint) as quote_count,
        cast(null as bigint) as bookmark_count,
        cast(null as bigint) as impression_count,

        ---------- the rest
        coalesce(
            edit_info.edit."initialTweetId",
            edit_info.edit."editControlInitial"."editTweetIds"[1],
            edit_info.initial."editTweetIds"[1],
            id_str
        ) as version_group,
        case
            when is_repost then {{ json_of([
                ('client', client_name('posts_described.source')),
                ('original_like_count', 'try_cast(favorite_count as bigint)'),
                ('original_repost_count', 'try_cast(retweet_count as bigint)'),
            ]) }}
            else {{ json_of([('client', client_name('posts_described.source')), ('note_id', 'note_tweet_id')]) }}
        end as source_metadata

    from posts_described

)

select * from posts_renamed
