with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'x_scrapers_posts') }}

),

posts as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at as capture_observed_at,
        {{ parse_x_time('delivered_posts."date"') }} as posted_at,
        coalesce(delivered_posts."user".id_str, delivered_posts."user".id) as author_id,
        coalesce(delivered_posts."inReplyToTweetIdStr", delivered_posts."inReplyToTweetId") as replied_post_id,
        coalesce(delivered_posts."inReplyToUser".id_str, delivered_posts."inReplyToUser".id) as replied_author_id,
        coalesce(delivered_posts."quotedTweet".id_str, delivered_posts."quotedTweet".id) as quoted_id,
        coalesce(delivered_posts."retweetedTweet".id_str, delivered_posts."retweetedTweet".id) as original_id,
        coalesce(delivered_posts."rawContent", delivered_posts.content) as wrapper_text,
        coalesce(
            delivered_posts."retweetedTweet"."rawContent",
            delivered_posts."retweetedTweet".content
        ) as original_text

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

posts_described as (

    select
        *,
        original_id is not null or starts_with(wrapper_text, 'RT @') as is_repost,
        replied_post_id is not null
        or replied_author_id is not null
        or "inReplyToUser".username is not null as is_reply,
        -- a repost says what the original says
        coalesce(original_text, wrapper_text) as delivered_text,
        case when original_text is null then hashtags else "retweetedTweet".hashtags end as delivered_hashtags,
        case
            when original_text is null then "mentionedUsers"
            else "retweetedTweet"."mentionedUsers"
        end as delivered_mentions,
        case when original_text is null then links else "retweetedTweet".links end as delivered_links,
        case when original_text is null then outlinks else "retweetedTweet".outlinks end as delivered_outlinks,
        case when original_text is null then tcooutlinks else "retweetedTweet".tcooutlinks end as delivered_tcooutlinks,
        case when original_text is null then media else "retweetedTweet".media end as delivered_media,
        {{ parse_x_time('"retweetedTweet"."date"') }} as original_posted_at

    from posts

),

posts_renamed as (

    select
        ---------- where the record lies
        capture_id,
        record_no,
        'x_scrapers' as source,
        platform,

        ---------- ids and author
        id_str as post_id,
        author_id as account_id,
        "user".username as handle,
        "user".displayname as account_name,

        ---------- times
        posted_at,
        {{ x_time_precision('posted_at', 'id_str') }} as posted_at_precision,
        capture_observed_at as observed_at,

        ---------- what it is and says
        case
            when is_repost then 'repost'
            when is_reply and (
                replied_author_id = author_id
                or (replied_author_id is null and lower("inReplyToUser".username) = lower("user".username))
            ) then 'self_reply'
            when is_reply then 'reply'
            when quoted_id is not null then 'quote'
            else 'original'
        end as kind,
        {{ unescape_html('delivered_text') }} as text,
        case
            when is_repost and original_text is null then not ends_with(delivered_text, '…')
            else not {{ ends_like_a_cut_long_post('delivered_text', 'coalesce(original_posted_at, posted_at)') }}
        end as text_is_complete,
        {{ language_tag('lang') }} as language,

        ---------- other posts
        case when not is_repost then replied_post_id end as reply_to_post_id,
        case when not is_repost then replied_author_id end as reply_to_account_id,
        case when not is_repost then "inReplyToUser".username end as reply_to_handle,
        case when not is_repost then quoted_id end as quoted_post_id,
        case when not is_repost then coalesce("quotedTweet"."user".id_str, "quotedTweet"."user".id) end as quoted_account_id,
        case when not is_repost then "quotedTweet"."user".username end as quoted_handle,
        original_id as reposted_post_id,
        coalesce("retweetedTweet"."user".id_str, "retweetedTweet"."user".id) as reposted_account_id,
        case
            when "retweetedTweet"."user".username is not null then "retweetedTweet"."user".username
            when is_repost then {{ reposted_handle_in('wrapper_text') }}
        end as reposted_handle,
        coalesce("conversationIdStr", "conversationId") as conversation_id,

        ---------- entities: their places are not kept. A field is null when a post has none, and where the version of the
        ---------- scraper did not know it; a text without the sign has none in either case
        cast(case
            when delivered_hashtags is not null then {{ list_map('delivered_hashtags', 'h', struct_of([
                ('tag', 'h'), ('start', 'cast(null as bigint)'), ('end', 'cast(null as bigint)'),
            ])) }}
            when strpos(delivered_text, '#') = 0 and strpos(delivered_text, '＃') = 0 then []
        end as {{ hashtags_type() }}) as hashtags,
        cast(case
            when delivered_mentions is not null then {{ list_map('delivered_mentions', 'm', struct_of([
                ('handle', 'm.username'),
                ('account_id', known_account_id('coalesce(m.id_str, m.id)')),
                ('start', 'cast(null as bigint)'),
                ('end', 'cast(null as bigint)'),
            ])) }}
            when strpos(delivered_text, '@') = 0 and strpos(delivered_text, '＠') = 0 then []
        end as {{ mentions_type() }}) as mentions,
        cast(case
            when delivered_links is not null then {{ list_map('delivered_links', 'u', struct_of([
                ('url', 'u.tcourl'), ('expanded_url', 'u.url'),
            ])) }}
            when delivered_outlinks is not null then {{ list_map(list_positions('delivered_outlinks'), 'n', struct_of([
                ('url', list_item('delivered_tcooutlinks', 'n')), ('expanded_url', list_item('delivered_outlinks', 'n')),
            ])) }}
            when strpos(delivered_text, 'http') = 0 then []
        end as {{ links_type() }}) as links,
        cast(case
            -- snscrape: [{"_type": "snscrape.modules.twitter.Photo", …}]
            when starts_with(delivered_media, '[') then {{ list_map(
                json_texts('delivered_media', '$[*]._type'), 'm',
                "case when ends_with(m, 'Photo') then 'photo' when ends_with(m, 'Gif') then 'animated_gif' else 'video' end"
            ) }}
            -- twscrape: {"photos": […], "videos": […], "animated": […]}
            when starts_with(delivered_media, '{') then {{ list_joined([
                list_map(json_texts('delivered_media', '$.photos[*]'), 'm', "'photo'"),
                list_map(json_texts('delivered_media', '$.videos[*]'), 'm', "'video'"),
                list_map(json_texts('delivered_media', '$.animated[*]'), 'm', "'animated_gif'"),
            ]) }}
        end as varchar[]) as media_types,

        ---------- counts
        {{ own_metric('is_repost', '"likeCount"') }} as like_count,
        {{ own_metric('is_repost', '"retweetCount"') }} as repost_count,
        {{ own_metric('is_repost', '"replyCount"') }} as reply_count,
        {{ own_metric('is_repost', '"quoteCount"') }} as quote_count,
        {{ own_metric('is_repost', 'coalesce("bookmarkedCount", "bookmarkCount")') }} as bookmark_count,
        {{ own_metric('is_repost', '"viewCount"') }} as impression_count,

        ---------- the rest
        id_str as version_group,
        case
            when is_repost then {{ json_of([
                ('client', client_name('posts_described.source')),
                ('original_like_count', 'coalesce("retweetedTweet"."likeCount", "likeCount")'),
                ('original_repost_count', 'coalesce("retweetedTweet"."retweetCount", "retweetCount")'),
                ('original_posted_at', '"retweetedTweet"."date"'),
            ]) }}
            else {{ json_of([('client', client_name('posts_described.source'))]) }}
        end as source_metadata

    from posts_described

)

select * from posts_renamed
