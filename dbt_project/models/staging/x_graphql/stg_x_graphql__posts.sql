with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'x_graphql_posts') }}

),

posts as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at as capture_observed_at,
        {{ parse_x_time('delivered_posts.legacy.created_at') }} as posted_at,
        -- with limited visibility, a post lies one level deeper
        case
            when delivered_posts.legacy.retweeted_status_result.result.tweet.rest_id is not null
                then delivered_posts.legacy.retweeted_status_result.result.tweet
            else {{ struct_of([
                ('rest_id', 'delivered_posts.legacy.retweeted_status_result.result.rest_id'),
                ('core', 'delivered_posts.legacy.retweeted_status_result.result.core'),
                ('legacy', 'delivered_posts.legacy.retweeted_status_result.result.legacy'),
                ('note_tweet', 'delivered_posts.legacy.retweeted_status_result.result.note_tweet'),
            ]) }}
        end as original,
        case
            when delivered_posts.quoted_status_result.result.tweet.rest_id is not null
                then delivered_posts.quoted_status_result.result.tweet
            else {{ struct_of([
                ('rest_id', 'delivered_posts.quoted_status_result.result.rest_id'),
                ('core', 'delivered_posts.quoted_status_result.result.core'),
                ('legacy', 'delivered_posts.quoted_status_result.result.legacy'),
            ]) }}
        end as quoted

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

posts_authored as (

    select
        posts.*,
        coalesce(posts.legacy.user_id_str, posts.core.user_results.result.rest_id, posts."user".id_str) as author_id,
        coalesce(
            posts.core.user_results.result.core.screen_name,
            posts.core.user_results.result.legacy.screen_name,
            posts."user".screen_name
        ) as author_handle,
        coalesce(
            posts.core.user_results.result.core."name",
            posts.core.user_results.result.legacy."name",
            posts."user"."name"
        ) as author_name,
        coalesce(posts.original.rest_id, posts.original.legacy.id_str) as original_id,
        coalesce(posts.original.legacy.user_id_str, posts.original.core.user_results.result.rest_id) as original_author_id,
        coalesce(
            posts.original.core.user_results.result.core.screen_name,
            posts.original.core.user_results.result.legacy.screen_name,
            {{ reposted_handle_in('posts.legacy.full_text') }}
        ) as original_author_handle,
        coalesce(posts.legacy.quoted_status_id_str, posts.quoted.rest_id) as quoted_id,
        coalesce(posts.quoted.legacy.user_id_str, posts.quoted.core.user_results.result.rest_id) as quoted_author_id,
        coalesce(
            posts.quoted.core.user_results.result.core.screen_name,
            posts.quoted.core.user_results.result.legacy.screen_name
        ) as quoted_author_handle,
        -- a repost says what the original says; its wrapper is cut
        case when posts.original.legacy.full_text is not null then posts.original.legacy else {{ struct_of([
            ('id_str', 'posts.legacy.id_str'),
            ('created_at', 'posts.legacy.created_at'),
            ('user_id_str', 'posts.legacy.user_id_str'),
            ('full_text', 'posts.legacy.full_text'),
            ('entities', 'posts.legacy.entities'),
            ('extended_entities', 'posts.legacy.extended_entities'),
            ('favorite_count', 'posts.legacy.favorite_count'),
            ('retweet_count', 'posts.legacy.retweet_count'),
            ('reply_count', 'posts.legacy.reply_count'),
            ('quote_count', 'posts.legacy.quote_count'),
            ('bookmark_count', 'posts.legacy.bookmark_count'),
        ]) }} end as said,
        case
            when posts.original.legacy.full_text is not null then posts.original.note_tweet.note_tweet_results.result
            else posts.note_tweet.note_tweet_results.result
        end as note

    from posts

),

posts_described as (

    select
        *,
        original_id is not null or starts_with(legacy.full_text, 'RT @') as is_repost,
        quoted_id is not null or coalesce(legacy.is_quote_status, false) as is_quote,
        legacy.in_reply_to_status_id_str is not null
        or legacy.in_reply_to_user_id_str is not null
        or legacy.in_reply_to_screen_name is not null as is_reply,
        note.text is not null as is_long,
        coalesce(note.entity_set, case when note.text is null then said.entities end) as delivered_entities,
        -- A long text comes as it was written, not escaped (`<` stands in it as such, measured), all others are escaped.
        -- Positions count the text as it comes.
        case when note.text is null then said.full_text else '' end as escaped_text

    from posts_authored

),

posts_renamed as (

    select
        ---------- where the record lies
        capture_id,
        record_no,
        'x_graphql' as source,
        platform,

        ---------- ids and author
        rest_id as post_id,
        author_id as account_id,
        author_handle as handle,
        author_name as account_name,

        ---------- times
        posted_at,
        {{ x_time_precision('posted_at', 'rest_id') }} as posted_at_precision,
        coalesce(
            {{ timestamp_from_epoch_ms('try_cast(timestamp_collected as bigint)') }},
            capture_observed_at
        ) as observed_at,

        ---------- what it is and says
        case
            when is_repost then 'repost'
            when is_reply and (
                legacy.in_reply_to_user_id_str = author_id
                or (
                    legacy.in_reply_to_user_id_str is null
                    and lower(legacy.in_reply_to_screen_name) = lower(author_handle)
                )
            ) then 'self_reply'
            when is_reply then 'reply'
            when is_quote then 'quote'
            else 'original'
        end as kind,
        case when is_long then note.text else {{ unescape_html('said.full_text') }} end as text,
        case
            when is_long then true
            when is_repost and original.legacy.full_text is null then not ends_with(said.full_text, '…')
            else not {{ ends_like_a_cut_long_post('said.full_text', parse_x_time('said.created_at')) }}
        end as text_is_complete,
        {{ language_tag('legacy.lang') }} as language,

        ---------- other posts
        case when not is_repost then legacy.in_reply_to_status_id_str end as reply_to_post_id,
        case when not is_repost then legacy.in_reply_to_user_id_str end as reply_to_account_id,
        case when not is_repost then legacy.in_reply_to_screen_name end as reply_to_handle,
        case when not is_repost then quoted_id end as quoted_post_id,
        case when not is_repost then quoted_author_id end as quoted_account_id,
        case when not is_repost then quoted_author_handle end as quoted_handle,
        original_id as reposted_post_id,
        case
            when original_author_id is not null then original_author_id
            -- the mention behind `RT @`
            when is_repost then {{ list_item(list_map(list_keep(
                'legacy.entities.user_mentions', 'm', 'm.indices[1] = 3'
            ), 'm', known_account_id('m.id_str')), 1) }}
        end as reposted_account_id,
        case when is_repost then original_author_handle end as reposted_handle,
        legacy.conversation_id_str as conversation_id,

        ---------- entities
        cast(case
            when delivered_entities is not null then coalesce({{ entity_list(
                'delivered_entities.hashtags', 'h', [('tag', 'h.text')], 'h.indices[1]', 'h.indices[2]', 'escaped_text'
            ) }}, [])
        end as {{ hashtags_type() }}) as hashtags,
        cast(case
            when delivered_entities is not null then coalesce({{ entity_list(
                'delivered_entities.user_mentions', 'm',
                [('handle', 'm.screen_name'), ('account_id', known_account_id('m.id_str'))],
                'm.indices[1]', 'm.indices[2]', 'escaped_text'
            ) }}, [])
        end as {{ mentions_type() }}) as mentions,
        cast(case
            when delivered_entities is not null then coalesce({{ list_map('delivered_entities.urls', 'u', struct_of([
                ('url', 'u.url'), ('expanded_url', 'u.expanded_url'),
            ])) }}, [])
        end as {{ links_type() }}) as links,
        case
            when said.extended_entities is not null
                then coalesce({{ list_map('said.extended_entities.media', 'm', 'm.type') }}, [])
            when said.entities is not null then cast([] as varchar[])
        end as media_types,

        ---------- counts
        {{ own_metric('is_repost', 'legacy.favorite_count') }} as like_count,
        {{ own_metric('is_repost', 'legacy.retweet_count') }} as repost_count,
        {{ own_metric('is_repost', 'legacy.reply_count') }} as reply_count,
        {{ own_metric('is_repost', 'legacy.quote_count') }} as quote_count,
        {{ own_metric('is_repost', 'legacy.bookmark_count') }} as bookmark_count,
        {{ own_metric('is_repost', 'try_cast(views.count as bigint)') }} as impression_count,

        ---------- the rest
        coalesce(
            edit_control.initial_tweet_id,
            edit_control.edit_control_initial.edit_tweet_ids[1],
            edit_control.edit_tweet_ids[1],
            rest_id
        ) as version_group,
        case
            when is_repost then {{ json_of([
                ('client', client_name('posts_described.source')),
                ('possibly_sensitive', 'legacy.possibly_sensitive'),
                ('original_like_count', 'original.legacy.favorite_count'),
                ('original_repost_count', 'coalesce(original.legacy.retweet_count, legacy.retweet_count)'),
                ('original_posted_at', 'original.legacy.created_at'),
            ]) }}
            else {{ json_of([
                ('client', client_name('posts_described.source')),
                ('possibly_sensitive', 'legacy.possibly_sensitive'),
            ]) }}
        end as source_metadata

    from posts_described

)

select * from posts_renamed
