with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'x_api_v11_posts') }}

),

-- Some collectors cut the author down to an id and keep the accounts in files beside the posts. Each use has a lookup of
-- its own: a part of this view used twice would be kept whole, and a reader of one column would pay for all.
{% for role in ['authors', 'quoted_users', 'reposted_users'] -%}
{{ role }} as (

    select
        capture_id,
        id_str,
        max(screen_name) as screen_name,
        max("name") as "name"

    from {{ source('raw', 'x_api_v11_users') }}

    group by 1, 2

),

{% endfor -%}
posts as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at as capture_observed_at,
        {{ parse_x_time('delivered_posts.created_at') }} as posted_at,
        coalesce(delivered_posts."user".id_str, delivered_posts."user".id) as author_id,
        coalesce(delivered_posts.in_reply_to_status_id_str, delivered_posts.in_reply_to_status_id) as replied_post_id,
        coalesce(delivered_posts.in_reply_to_user_id_str, delivered_posts.in_reply_to_user_id) as replied_author_id,
        coalesce(
            delivered_posts.quoted_status_id_str,
            delivered_posts.quoted_status_id,
            delivered_posts.quoted_status.id_str,
            delivered_posts.quoted_status.id
        ) as quoted_id,
        coalesce(delivered_posts.quoted_status."user".id_str, delivered_posts.quoted_status."user".id) as quoted_author_id,
        coalesce(delivered_posts.retweeted_status.id_str, delivered_posts.retweeted_status.id) as original_id,
        coalesce(
            delivered_posts.retweeted_status."user".id_str,
            delivered_posts.retweeted_status."user".id
        ) as original_author_id,
        -- a post cut for old clients carries its whole text, with entities of its own, in `extended_tweet`
        coalesce(
            delivered_posts.extended_tweet.full_text,
            delivered_posts.full_text,
            delivered_posts.text
        ) as wrapper_text,
        coalesce(
            delivered_posts.retweeted_status.extended_tweet.full_text,
            delivered_posts.retweeted_status.full_text,
            delivered_posts.retweeted_status.text
        ) as original_text

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

posts_described as (

    select
        posts.*,
        -- reposts made by hand ("RT @…" typed by the user) are reposts too
        posts.original_id is not null or starts_with(posts.wrapper_text, 'RT @') as is_repost,
        posts.quoted_id is not null or coalesce(posts.is_quote_status, false) as is_quote,
        posts.replied_post_id is not null
        or posts.replied_author_id is not null
        or posts.in_reply_to_screen_name is not null as is_reply,
        coalesce(posts."user".screen_name, authors.screen_name) as author_handle,
        coalesce(posts."user"."name", authors."name") as author_name,
        coalesce(posts.quoted_status."user".screen_name, quoted_users.screen_name) as quoted_author_handle,
        coalesce(
            posts.retweeted_status."user".screen_name,
            {{ reposted_handle_in('posts.wrapper_text') }},
            reposted_users.screen_name
        ) as original_author_handle,
        -- a repost says what the original says: its wrapper is cut, and lists the entities of what is left
        coalesce(posts.original_text, posts.wrapper_text) as delivered_text,
        case
            when posts.original_text is null and posts.extended_tweet.full_text is not null
                then posts.extended_tweet.entities
            when posts.original_text is null then posts.entities
            when posts.retweeted_status.extended_tweet.full_text is not null
                then posts.retweeted_status.extended_tweet.entities
            else posts.retweeted_status.entities
        end as delivered_entities,
        case
            when posts.original_text is null and posts.extended_tweet.full_text is not null
                then coalesce(posts.extended_tweet.extended_entities, posts.extended_entities)
            when posts.original_text is null then posts.extended_entities
            when posts.retweeted_status.extended_tweet.full_text is not null
                then coalesce(
                    posts.retweeted_status.extended_tweet.extended_entities, posts.retweeted_status.extended_entities
                )
            else posts.retweeted_status.extended_entities
        end as delivered_media,
        case
            when posts.original_text is null
                then coalesce(posts.truncated, false)
                    and posts.extended_tweet.full_text is null
                    and posts.full_text is null
            else coalesce(posts.retweeted_status.truncated, false)
                and posts.retweeted_status.extended_tweet.full_text is null
                and posts.retweeted_status.full_text is null
        end as is_cut_for_old_clients,
        {{ parse_x_time('posts.retweeted_status.created_at') }} as original_posted_at

    from posts

    left join authors
        on posts.capture_id = authors.capture_id
        and posts.author_id = authors.id_str

    left join quoted_users
        on posts.capture_id = quoted_users.capture_id
        and posts.quoted_author_id = quoted_users.id_str

    left join reposted_users
        on posts.capture_id = reposted_users.capture_id
        and posts.original_author_id = reposted_users.id_str

),

posts_renamed as (

    select
        ---------- where the record lies
        capture_id,
        record_no,
        'x_api_v11' as source,
        platform,

        ---------- ids and author
        id_str as post_id,
        author_id as account_id,
        author_handle as handle,
        author_name as account_name,

        ---------- times
        posted_at,
        {{ x_time_precision('posted_at', 'id_str') }} as posted_at_precision,
        -- only a stream says when it delivered a post: in the moment of posting
        coalesce(
            {{ timestamp_from_epoch_ms('try_cast(timestamp_ms as bigint)') }},
            capture_observed_at
        ) as observed_at,

        ---------- what it is and says
        case
            when is_repost then 'repost'
            when is_reply and (
                replied_author_id = author_id
                or (replied_author_id is null and lower(in_reply_to_screen_name) = lower(author_handle))
            ) then 'self_reply'
            when is_reply then 'reply'
            when is_quote then 'quote'
            else 'original'
        end as kind,
        {{ unescape_html('delivered_text') }} as text,
        case
            when is_cut_for_old_clients then false
            when is_repost and original_text is null then not ends_with(delivered_text, '…')
            else not {{ ends_like_a_cut_long_post('delivered_text', 'coalesce(original_posted_at, posted_at)') }}
        end as text_is_complete,
        {{ language_tag('lang') }} as language,

        ---------- other posts
        case when not is_repost then replied_post_id end as reply_to_post_id,
        case when not is_repost then replied_author_id end as reply_to_account_id,
        case when not is_repost then in_reply_to_screen_name end as reply_to_handle,
        case when not is_repost then quoted_id end as quoted_post_id,
        case when not is_repost then quoted_author_id end as quoted_account_id,
        case when not is_repost then quoted_author_handle end as quoted_handle,
        original_id as reposted_post_id,
        case
            when original_author_id is not null then original_author_id
            -- the mention behind `RT @`
            when is_repost then {{ list_item(list_map(list_keep(
                'entities.user_mentions', 'm', 'm.indices[1] = 3'
            ), 'm', known_account_id('coalesce(m.id_str, m.id)')), 1) }}
        end as reposted_account_id,
        case when is_repost then original_author_handle end as reposted_handle,
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
                [('handle', 'm.screen_name'), ('account_id', known_account_id('coalesce(m.id_str, m.id)'))],
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
            when delivered_entities is not null
                then coalesce({{ list_map('delivered_entities.media', 'm', 'm.type') }}, cast([] as varchar[]))
        end as media_types,

        ---------- counts
        {{ own_metric('is_repost', 'favorite_count') }} as like_count,
        {{ own_metric('is_repost', 'retweet_count') }} as repost_count,
        {{ own_metric('is_repost', 'reply_count') }} as reply_count,
        {{ own_metric('is_repost', 'quote_count') }} as quote_count,
        cast(null as bigint) as bookmark_count,
        cast(null as bigint) as impression_count,

        ---------- the rest
        id_str as version_group,
        case
            when is_repost then {{ json_of([
                ('client', client_name('posts_described.source')),
                ('possibly_sensitive', 'possibly_sensitive'),
                ('original_like_count', 'coalesce(retweeted_status.favorite_count, favorite_count)'),
                ('original_repost_count', 'coalesce(retweeted_status.retweet_count, retweet_count)'),
                ('original_posted_at', 'retweeted_status.created_at'),
            ]) }}
            else {{ json_of([
                ('client', client_name('posts_described.source')),
                ('possibly_sensitive', 'possibly_sensitive'),
            ]) }}
        end as source_metadata

    from posts_described

)

select * from posts_renamed
