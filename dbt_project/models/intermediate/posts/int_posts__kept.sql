with

posts as (

    select * from {{ ref('int_posts__deduplicated') }}

),

identified_texts as (

    select * from {{ ref('int_texts__languages') }}

),

study as (

    select reporting_timezone from {{ ref('int_studies__selected') }}

),

posts_timed as (

    select
        posts.*,
        {{ account_key('posts.platform', 'posts.account_id', 'posts.handle') }} as account_key,
        -- a day without a time is stated as midnight UTC, and is that day in every time zone
        case
            when posts.posted_at_precision = 'day' then {{ local_date('posts.posted_at', "'UTC'") }}
            else {{ local_date('posts.posted_at', 'study.reporting_timezone') }}
        end as posted_date,
        case when posts.platform = 'x' then {{ time_in_id('posts.post_id') }} end as id_time,
        posts.language is null as is_undeclared,
        -- only texts that were asked about have an answer to look up
        case
            when posts.language is null or {{ has_segments('posts.text') }} then {{ text_hash('posts.text') }}
        end as text_hash

    from posts

    cross join study

),

-- what the platform states is taken as it is; only where it states nothing does the text speak
posts_in_languages as (

    select
        posts_timed.* exclude (language),
        coalesce(posts_timed.language, identified_texts.language) as language,
        case
            when posts_timed.language is not null then 'platform'
            when identified_texts.language is not null then 'text'
        end as language_source,
        identified_texts.confidence as language_confidence,
        case when posts_timed.text is not null then coalesce(identified_texts.is_mixed_language, false) end
            as is_mixed_language

    from posts_timed

    left join identified_texts
        on posts_timed.text_hash = identified_texts.text_hash
        and posts_timed.is_undeclared = identified_texts.is_undeclared

),

posts_measured as (

    select
        ---------- ids
        post_key,
        account_key,
        capture_id,
        record_no,
        post_id,
        account_id,
        conversation_id,
        reply_to_post_id,
        reply_to_account_id,
        quoted_post_id,
        quoted_account_id,
        reposted_post_id,
        reposted_account_id,
        version_group,

        ---------- strings
        source,
        platform,
        handle,
        account_name,
        kind,
        language,
        language_source,
        text,
        reply_to_handle,
        quoted_handle,
        reposted_handle,
        posted_at_precision,
        posted_at_basis,
        post_id_status,

        ---------- lists
        hashtags,
        mentions,
        links,
        media_types,

        ---------- numerics
        like_count,
        repost_count,
        reply_count,
        quote_count,
        bookmark_count,
        impression_count,
        language_confidence,
        {{ list_size('hashtags') }} as hashtag_count,
        {{ list_size('mentions') }} as mention_count,
        {{ list_size('links') }} as link_count,
        {{ list_size('media_types') }} as media_count,
        observation_count,
        {{ epoch_ms_from_timestamp('id_time') }} - {{ epoch_ms_from_timestamp('posted_at') }} as id_time_difference_ms,

        ---------- booleans
        kind = 'repost' as is_repost,
        kind <> 'repost' as is_own,
        text_is_complete,
        is_mixed_language,

        ---------- dates and times
        posted_date,
        {{ month_of('posted_date') }} as posted_month,
        posted_at,
        observed_at,
        id_time

    from posts_in_languages

)

select * from posts_measured
order by posted_at, post_key
