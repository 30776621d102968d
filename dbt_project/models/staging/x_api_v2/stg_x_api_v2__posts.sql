with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'x_api_v2_posts') }}

),

-- A page repeats the accounts and posts that its posts mention, so the lookups are made distinct first. Each use has a
-- lookup of its own: a part of this view used twice would be kept whole, and a reader of one column would pay for all.
{% for role in ['authors', 'replied_users', 'quoted_users', 'reposted_users'] -%}
{{ role }} as (

    select
        capture_id,
        id,
        max(username) as username,
        max("name") as "name"

    from {{ source('raw', 'x_api_v2_users') }}

    group by 1, 2

),

{% endfor -%}
{% for role in ['quoted_posts', 'reposted_posts'] -%}
{{ role }} as (

    select
        capture_id,
        id,
        max(author_id) as author_id
        {%- if role == 'reposted_posts' %},
        max("text") as "text",
        max(created_at) as created_at,
        max(note_tweet) as note_tweet,
        max(entities) as entities,
        max(attachments) as attachments
        {%- endif %}

    from {{ source('raw', 'x_api_v2_referenced') }}

    group by 1, 2

),

{% endfor -%}
media as (

    select
        capture_id,
        media_key,
        max("type") as media_type

    from {{ source('raw', 'x_api_v2_media') }}

    group by 1, 2

),

media_keys_of_posts as (

    select
        capture_id,
        record_no,
        unnest(attachments.media_keys) as media_key

    from {{ source('raw', 'x_api_v2_posts') }}

    where attachments.media_keys is not null
        and attachments.media is null

),

media_of_posts as (

    select
        media_keys_of_posts.capture_id,
        media_keys_of_posts.record_no,
        list(media.media_type order by media.media_key) as media_types

    from media_keys_of_posts

    inner join media
        on media_keys_of_posts.capture_id = media.capture_id
        and media_keys_of_posts.media_key = media.media_key

    group by 1, 2

),

posts as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at as capture_observed_at,
        {{ parse_x_time('delivered_posts.created_at') }} as posted_at,
        {{ list_item(list_keep('delivered_posts.referenced_tweets', 'r', "r.type = 'replied_to'"), 1) }} as replied_to,
        {{ list_item(list_keep('delivered_posts.referenced_tweets', 'r', "r.type = 'quoted'"), 1) }} as quoted,
        {{ list_item(list_keep('delivered_posts.referenced_tweets', 'r', "r.type = 'retweeted'"), 1) }} as retweeted

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

posts_with_others as (

    select
        posts.*,
        -- reposts made by hand ("RT @…" typed by the user) are reposts too
        posts.retweeted.id is not null or coalesce(starts_with(posts.text, 'RT @'), false) as is_repost,
        coalesce(posts.quoted.author_id, posts.quoted.author.id, quoted_posts.author_id) as quoted_author_id,
        coalesce(posts.retweeted.author_id, posts.retweeted.author.id, reposted_posts.author_id) as reposted_author_id,
        coalesce(posts.in_reply_to_user_id, posts.replied_to.author_id, posts.replied_to.author.id) as replied_author_id,
        coalesce(posts.author.username, authors.username) as author_handle,
        coalesce(posts.author."name", authors."name") as author_name,
        media_of_posts.media_types as looked_up_media_types,
        -- the post that a repost repeats: inside a flattened post, beside the posts of a page
        coalesce(posts.retweeted.text, reposted_posts."text") as original_text,
        coalesce(posts.retweeted.created_at, reposted_posts.created_at) as original_created_at,
        case when posts.retweeted.text is not null then posts.retweeted.note_tweet else reposted_posts.note_tweet end
            as original_note,
        case when posts.retweeted.text is not null then posts.retweeted.entities else reposted_posts.entities end
            as original_entities,
        case when posts.retweeted.text is not null then posts.retweeted.attachments else reposted_posts.attachments end
            as original_attachments

    from posts

    left join authors
        on posts.capture_id = authors.capture_id
        and posts.author_id = authors.id

    left join quoted_posts
        on posts.capture_id = quoted_posts.capture_id
        and posts.quoted.id = quoted_posts.id

    left join reposted_posts
        on posts.capture_id = reposted_posts.capture_id
        and posts.retweeted.id = reposted_posts.id

    left join media_of_posts
        on posts.capture_id = media_of_posts.capture_id
        and posts.record_no = media_of_posts.record_no

),

posts_described as (

    select
        posts_with_others.*,
        coalesce(posts_with_others.in_reply_to_user.username, posts_with_others.replied_to.author.username, replied_users.username)
            as replied_handle,
        coalesce(posts_with_others.quoted.author.username, quoted_users.username) as quoted_author_handle,
        coalesce(
            posts_with_others.retweeted.author.username,
            reposted_users.username,
            case when posts_with_others.is_repost then {{ reposted_handle_in('posts_with_others.text') }} end
        ) as reposted_author_handle,
        -- A repost says what the original says: its wrapper is cut, and lists the entities of what is left. Of a long
        -- post `text` is cut, the note holds the whole and its entities.
        coalesce(
            posts_with_others.original_note.text,
            posts_with_others.original_text,
            posts_with_others.note_tweet.text,
            posts_with_others.text
        ) as delivered_text,
        case
            when posts_with_others.original_note.text is not null then posts_with_others.original_note.entities
            when posts_with_others.original_text is not null then posts_with_others.original_entities
            when posts_with_others.note_tweet.text is not null then posts_with_others.note_tweet.entities
            else posts_with_others.entities
        end as delivered_entities

    from posts_with_others

    left join replied_users
        on posts_with_others.capture_id = replied_users.capture_id
        and posts_with_others.replied_author_id = replied_users.id

    left join quoted_users
        on posts_with_others.capture_id = quoted_users.capture_id
        and posts_with_others.quoted_author_id = quoted_users.id

    left join reposted_users
        on posts_with_others.capture_id = reposted_users.capture_id
        and posts_with_others.reposted_author_id = reposted_users.id

),

posts_renamed as (

    select
        ---------- where the record lies
        capture_id,
        record_no,
        'x_api_v2' as source,
        platform,

        ---------- ids and author
        id as post_id,
        author_id as account_id,
        author_handle as handle,
        author_name as account_name,

        ---------- times
        posted_at,
        {{ x_time_precision('posted_at', 'posts_described.id') }} as posted_at_precision,
        coalesce({{ parse_x_time('retrieved_at') }}, capture_observed_at) as observed_at,

        ---------- what it is and says
        case
            when is_repost then 'repost'
            when replied_author_id = author_id then 'self_reply'
            when replied_author_id is not null or replied_to.id is not null then 'reply'
            when quoted.id is not null then 'quote'
            else 'original'
        end as kind,
        {{ unescape_html('delivered_text') }} as text,
        case
            when original_note.text is not null then true
            when original_text is not null then not {{ ends_like_a_cut_long_post(
                'original_text', 'coalesce(' ~ parse_x_time('original_created_at') ~ ', posted_at)'
            ) }}
            when note_tweet.text is not null then true
            when is_repost then not ends_with(posts_described.text, '…')
            else not {{ ends_like_a_cut_long_post('posts_described.text', 'posted_at') }}
        end as text_is_complete,
        {{ language_tag('lang') }} as language,

        ---------- other posts
        replied_to.id as reply_to_post_id,
        replied_author_id as reply_to_account_id,
        replied_handle as reply_to_handle,
        case when not is_repost then quoted.id end as quoted_post_id,
        case when not is_repost then quoted_author_id end as quoted_account_id,
        case when not is_repost then quoted_author_handle end as quoted_handle,
        retweeted.id as reposted_post_id,
        case
            when reposted_author_id is not null then reposted_author_id
            -- the mention behind `RT @`
            when is_repost then {{ list_item(list_map(list_keep(
                'posts_described.entities.mentions', 'm', 'm."start" = 3'
            ), 'm', known_account_id('m.id')), 1) }}
        end as reposted_account_id,
        reposted_author_handle as reposted_handle,
        conversation_id,

        ---------- entities: the API leaves the field out when a post has none, and also when nobody asked for it; a
        ---------- text without the sign has none in either case
        cast(case
            when delivered_entities is not null then coalesce({{ entity_list(
                'delivered_entities.hashtags', 'h', [('tag', 'h.tag')], 'h."start"', 'h."end"', 'delivered_text'
            ) }}, [])
            when strpos(delivered_text, '#') = 0 and strpos(delivered_text, '＃') = 0 then []
        end as {{ hashtags_type() }}) as hashtags,
        cast(case
            when delivered_entities is not null then coalesce({{ entity_list(
                'delivered_entities.mentions', 'm',
                [('handle', 'm.username'), ('account_id', known_account_id('m.id'))],
                'm."start"', 'm."end"', 'delivered_text'
            ) }}, [])
            when strpos(delivered_text, '@') = 0 and strpos(delivered_text, '＠') = 0 then []
        end as {{ mentions_type() }}) as mentions,
        cast(case
            -- the address of an attached picture, which API v1.1 and archives keep apart, is no link of the post
            when delivered_entities is not null then coalesce({{ list_map(
                list_keep('delivered_entities.urls', 'u', "not coalesce(starts_with(u.display_url, 'pic.'), false)"),
                'u',
                struct_of([('url', 'u.url'), ('expanded_url', 'u.expanded_url')])
            ) }}, [])
            when strpos(delivered_text, 'http') = 0 then []
        end as {{ links_type() }}) as links,
        case
            when attachments.media is not null then {{ list_map('attachments.media', 'm', 'm.type') }}
            when looked_up_media_types is not null then looked_up_media_types
            when original_attachments.media is not null
                then {{ list_map('original_attachments.media', 'm', 'm.type') }}
            when attachments.media_keys is null and original_attachments.media_keys is null then cast([] as varchar[])
        end as media_types,

        ---------- counts
        {{ own_metric('is_repost', 'public_metrics.like_count') }} as like_count,
        {{ own_metric('is_repost', 'public_metrics.retweet_count') }} as repost_count,
        {{ own_metric('is_repost', 'public_metrics.reply_count') }} as reply_count,
        {{ own_metric('is_repost', 'public_metrics.quote_count') }} as quote_count,
        {{ own_metric('is_repost', 'public_metrics.bookmark_count') }} as bookmark_count,
        case
            -- X began to count views for everybody on 2022-12-15: a zero before it is a count that was never made
            when public_metrics.impression_count = 0 and posted_at < timestamptz '2022-12-15 00:00:00+00' then null
            when not is_repost then public_metrics.impression_count
        end as impression_count,

        ---------- the rest
        coalesce({{ list_item('edit_history_tweet_ids', 1) }}, posts_described.id) as version_group,
        case
            when is_repost then {{ json_of([
                ('client', 'posts_described.source'),
                ('possibly_sensitive', 'possibly_sensitive'),
                ('original_like_count', 'public_metrics.like_count'),
                ('original_repost_count', 'public_metrics.retweet_count'),
            ]) }}
            else {{ json_of([('client', 'posts_described.source'), ('possibly_sensitive', 'possibly_sensitive')]) }}
        end as source_metadata

    from posts_described

)

select * from posts_renamed
