with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'mapped_posts') }}

),

posts_with_authors as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at,
        coalesce(
            trim(delivered_posts.post_id),
            case when captures.platform = 'x' then {{ post_id_in_address('delivered_posts.link') }} end
        ) as native_id,
        coalesce(
            {{ handle_in_cell('delivered_posts.handle') }},
            case when captures.platform = 'x' then {{ handle_in_address('delivered_posts.link') }} end
        ) as author_handle,
        cast(delivered_posts.posted_at_utc as timestamptz) as instant_posted,
        {{ unescape_html('delivered_posts.text') }} as whole_text,
        {{ handle_in_cell('delivered_posts.reply_to_handle') }} as replied_handle,
        {{ handle_in_cell('delivered_posts.reposted_handle') }} as named_reposted_handle

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

-- The kind that the table states; else the first that its other columns or, on X, its text show.
posts_with_kinds as (

    select
        *,
        case
            when kind is not null then kind
            when coalesce(reposted_post_id, reposted_account_id, named_reposted_handle) is not null then 'repost'
            when platform = 'x' and starts_with(whole_text, 'RT @') then 'repost'
            when reply_to_account_id = account_id or lower(replied_handle) = lower(author_handle) then 'self_reply'
            when coalesce(reply_to_post_id, reply_to_account_id, replied_handle) is not null then 'reply'
            when coalesce(quoted_post_id, quoted_account_id, quoted_handle) is not null then 'quote'
            when platform = 'x' then {{ kind_from_text('whole_text', 'author_handle') }}
            else 'original'
        end as known_kind

    from posts_with_authors

),

posts_described as (

    select
        *,
        known_kind = 'repost' as is_repost

    from posts_with_kinds

),

posts_renamed as (

    select {{ post_contract_select({
        'capture_id': 'capture_id',
        'record_no': 'record_no',
        'source': "'mapped'",
        'platform': 'platform',
        'post_id': 'native_id',
        'account_id': 'account_id',
        'handle': 'author_handle',
        'account_name': 'account_name',
        'posted_at': 'instant_posted',
        'posted_at_precision': 'posted_at_precision',
        'observed_at': 'observed_at',
        'kind': 'known_kind',
        'text': 'whole_text',
        'text_is_complete': text_is_whole('whole_text', 'instant_posted', 'is_repost'),
        'language': language_tag('"language"'),
        'reply_to_post_id': 'reply_to_post_id',
        'reply_to_account_id': 'reply_to_account_id',
        'reply_to_handle': "coalesce(replied_handle, case when platform = 'x' then " ~ replied_handle_in('whole_text') ~ " end)",
        'quoted_post_id': 'case when not is_repost then quoted_post_id end',
        'quoted_account_id': 'case when not is_repost then quoted_account_id end',
        'quoted_handle': 'case when not is_repost then ' ~ handle_in_cell('quoted_handle') ~ ' end',
        'reposted_post_id': 'reposted_post_id',
        'reposted_account_id': 'reposted_account_id',
        'reposted_handle': "coalesce(named_reposted_handle, case when platform = 'x' then " ~ reposted_handle_in('whole_text') ~ " end)",
        'conversation_id': 'conversation_id',
        'hashtags': tags_in_cell('hashtags', 'whole_text', 'list_separator'),
        'mentions': handles_in_cell('mentions', 'whole_text', 'list_separator'),
        'links': addresses_in_cell('links', 'whole_text', 'list_separator'),
        'media_types': parts_of_cell('media_types', 'list_separator'),
        'like_count': own_metric('is_repost', 'like_count'),
        'repost_count': own_metric('is_repost', 'repost_count'),
        'reply_count': own_metric('is_repost', 'reply_count'),
        'quote_count': own_metric('is_repost', 'quote_count'),
        'bookmark_count': own_metric('is_repost', 'bookmark_count'),
        'impression_count': own_metric('is_repost', 'impression_count'),
        'source_metadata': 'kept',
    }) }}

    from posts_described

)

select * from posts_renamed
