with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

delivered_posts as (

    select * from {{ source('raw', 'nvivo_posts') }}

),

posts_described as (

    select
        delivered_posts.*,
        captures.platform,
        captures.observed_at,
        coalesce(delivered_posts.tweet_id, {{ post_id_in_address('delivered_posts.tweet_url') }}) as post_id,
        {{ handle_in_cell('delivered_posts.username') }} as named_handle,
        {{ handle_in_cell('delivered_posts.retweeted_by') }} as retweeter,
        {{ instant_of_wall_clock('cast(delivered_posts.local_time as timestamp)', 'delivered_posts.time_zone') }} as posted_at,
        {{ unescape_html('delivered_posts.tweet') }} as whole_text,
        lower(trim(coalesce(delivered_posts.tweet_type, ''))) = 'retweet'
        or starts_with(delivered_posts.tweet, 'RT @') as is_repost

    from delivered_posts

    inner join captures
        on delivered_posts.capture_id = captures.capture_id

),

-- A row of a retweet names the original's author as user, and beside it who retweeted.
posts_with_authors as (

    select
        *,
        case when is_repost then coalesce(retweeter, named_handle) else named_handle end as handle,
        case
            when not is_repost then null
            when retweeter is not null then coalesce({{ reposted_handle_in('whole_text') }}, named_handle)
            else {{ reposted_handle_in('whole_text') }}
        end as reposted_handle

    from posts_described

),

posts_renamed as (

    select {{ post_contract_select({
        'capture_id': 'capture_id',
        'record_no': 'record_no',
        'source': "'nvivo'",
        'platform': 'platform',
        'post_id': 'post_id',
        'handle': 'handle',
        'account_name': 'case when not is_repost or retweeter is null then "name" end',
        'posted_at': 'posted_at',
        'posted_at_precision': "case"
            ~ " when not " ~ regex_match('"time"', '[:.]') ~ " then 'day'"
            ~ " when " ~ regex_match('"time"', '^[^:]*:[0-9]{2}([^:0-9].*)?$') ~ " then 'minute'"
            ~ " else 'second' end",
        'observed_at': 'observed_at',
        'kind': "case when is_repost then 'repost' else " ~ kind_from_text('whole_text', 'handle') ~ " end",
        'text': 'whole_text',
        'text_is_complete': text_is_whole('whole_text', 'posted_at', 'is_repost'),
        'reply_to_handle': replied_handle_in('whole_text'),
        'reposted_handle': 'reposted_handle',
        'hashtags': tags_in_cell('hashtags', 'whole_text', "','"),
        'mentions': handles_in_cell('mentions', 'whole_text', "','"),
        'repost_count': own_metric('is_repost', count_in_cell('retweets')),
        'source_metadata': json_of([
            ('search_term', 'search_term'),
            ('original_repost_count', "case when is_repost then " ~ count_in_cell('retweets') ~ " end"),
        ]),
    }) }}

    from posts_with_authors

)

select * from posts_renamed
