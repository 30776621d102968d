-- One row per accepted capture: whether its posts keep the post contract, and what time they cover.
-- One pass over the staging views: they are computed anew each time they are read.
with

captures as (

    select
        *,
        coverage_from at time zone 'UTC' as coverage_from_utc,
        coverage_to at time zone 'UTC' as coverage_to_utc
    from raw.captures
    where status = 'accepted'

),

staging_posts as (

    {{ staging_posts }}

),

loaded as (

    select capture_id, sum(loaded_count) as loaded_post_count
    from raw.capture_members
    where record_type in ('post', 'csv_post')
    group by 1

),

posts_with_time_in_id as (

    select
        staging_posts.*,
        staging_posts.posted_at at time zone 'UTC' as posted_at_utc,
        coalesce(staging_posts.observed_at, captures.received_at) as seen_at,
        case
            -- ids from 2^35 on (November 2010) hold the milliseconds since 2010-11-04 01:42:54.657 UTC
            -- an id that lost its last digits to scientific notation tells no time
            when
                staging_posts.platform = 'x'
                and try_cast(staging_posts.post_id as bigint) >= 34359738368
                and not contains(upper(staging_posts.post_id), 'E')
                and not (length(staging_posts.post_id) >= 17 and ends_with(staging_posts.post_id, '000000'))
                then abs(
                    epoch_ms(staging_posts.posted_at)
                    - ((try_cast(staging_posts.post_id as bigint) >> 22) + 1288834974657)
                ) / 1000
        end as seconds_off,
        -- times without seconds, or without a time of day, are as exact as they are written
        case
            when epoch_ms(staging_posts.posted_at) % 86400000 = 0 then 86400
            when epoch_ms(staging_posts.posted_at) % 60000 = 0 then 60
            else 0
        end + {{ time_in_id_tolerance_seconds }} as tolerance_seconds
    from staging_posts
    left join captures on staging_posts.capture_id = captures.capture_id

),

posts_compared as (

    select
        *,
        seconds_off > tolerance_seconds as is_off,
        -- what is off by a time zone is off by whole quarter hours, 14 hours at most
        seconds_off between 840 and 50460
        and abs(seconds_off - 900 * round(seconds_off / 900)) <= {{ time_in_id_tolerance_seconds }} as is_zone_shift
    from posts_with_time_in_id

),

counted as (

    select
        capture_id,
        count(*) as post_count,
        -- a capture's records may stand in two models, each with its own numbering
        count(*) - count(distinct record_no * 100 + model_number) as repeated_record_count,
        count(*) filter (where post_id is null or trim(post_id) = '') as missing_post_id_count,
        count(*) filter (where posted_at is null) as missing_time_count,
        count(*) filter (
            where platform = 'x' and posted_at < cast('{{ first_post_on_x }} 00:00:00+00' as timestamptz)
        ) as before_platform_count,
        count(*) filter (where posted_at > seen_at + interval '{{ posted_after_observed_hours }} hours')
            as after_observed_count,
        count(seconds_off) as timed_id_count,
        count(*) filter (where is_off) as time_off_count,
        count(*) filter (where is_off and is_zone_shift) as time_shifted_count,
        median(seconds_off) filter (where is_off) as median_seconds_off,
        count(indexed_at) as indexed_post_count,
        count(*) filter (
            where abs(epoch_ms(posted_at) - epoch_ms(indexed_at)) > {{ claimed_time_tolerance_hours }} * 3600000
        ) as claimed_time_off_count,
        count(*) filter (where coalesce(kind, '') not in ('original', 'reply', 'self_reply', 'quote', 'repost'))
            as unknown_kind_count,
        count(*) filter (where kind = 'repost' and has_metrics) as repost_with_metrics_count,
        -- posts, not records: an archive's spreadsheet repeats its posts and says nothing about cut texts
        count(distinct hash(post_id)) filter (where kind <> 'repost') as own_post_count,
        count(*) filter (where kind <> 'repost' and text_is_complete is not true) as cut_own_post_count,
        -- an archive of Mastodon holds the address of a reposted post, and nothing of what it says
        count(*) filter (where not has_text and not (platform in ('bluesky', 'mastodon') and kind = 'repost')) as missing_text_count,
        count(*) filter (where handle is not null and not {{ handle_is_well_formed }})
            as odd_handle_count,
        count(*) filter (
            where
            language is not null
            and (
                not regexp_full_match(language, '[a-z]{2,3}(-[A-Za-z0-9]{2,8})*')
                or language in ('in', 'iw', 'ji')
            )
        ) as odd_language_count,
        count(posted_at_utc) as dated_post_count,
        min(posted_at_utc) as first_post_at,
        max(posted_at_utc) as last_post_at,
        count(distinct year(posted_at_utc) * 12 + month(posted_at_utc)) as month_count
    from posts_compared
    group by 1

),

joined as (

    select
        captures.*,
        coalesce(loaded.loaded_post_count, 0) as loaded_post_count,
        coalesce(counted.post_count, 0) as post_count,
        counted.* exclude (capture_id, post_count),
        -- the covered time: as stated, and never less than from the first to the last post
        least(coalesce(coverage_from_utc, first_post_at), first_post_at) as covered_from,
        -- a stated end is the first moment outside
        greatest(coalesce(coverage_to_utc - interval '1 second', last_post_at), last_post_at) as covered_to
    from captures
    left join loaded on captures.capture_id = loaded.capture_id
    left join counted on captures.capture_id = counted.capture_id

)

select
    capture_id as subject,
    source,
    loaded_post_count,
    post_count,
    abs(loaded_post_count - post_count) as lost_post_count,
    coalesce(repeated_record_count, 0) as repeated_record_count,
    coalesce(missing_post_id_count, 0) as missing_post_id_count,
    coalesce(missing_time_count, 0) as missing_time_count,
    coalesce(before_platform_count, 0) as before_platform_count,
    coalesce(after_observed_count, 0) as after_observed_count,
    coalesce(timed_id_count, 0) as timed_id_count,
    coalesce(time_off_count, 0) as time_off_count,
    coalesce(time_off_count / nullif(timed_id_count, 0), 0) as time_off_share,
    coalesce(time_shifted_count, 0) as time_shifted_count,
    coalesce(time_off_count - time_shifted_count, 0) as time_misread_count,
    case
        when coalesce(time_shifted_count, 0) = 0 then 0
        when
            time_shifted_count >= {{ time_off_count_min }}
            or time_shifted_count > timed_id_count * {{ time_off_share_short_file_max }}
            then time_shifted_count / timed_id_count
        else 0
    end as judged_time_shifted_share,
    case
        when coalesce((time_off_count - time_shifted_count), 0) = 0 then 0
        when
            (time_off_count - time_shifted_count) >= {{ time_off_count_min }}
            or (time_off_count - time_shifted_count) > timed_id_count * {{ time_off_share_short_file_max }}
            then (time_off_count - time_shifted_count) / timed_id_count
        else 0
    end as judged_time_misread_share,
    case when time_off_count > 0 then format(', typically by {:,} seconds', cast(median_seconds_off as bigint)) else '' end
        as off_by,
    coalesce(indexed_post_count, 0) as indexed_post_count,
    coalesce(claimed_time_off_count, 0) as claimed_time_off_count,
    coalesce(unknown_kind_count, 0) as unknown_kind_count,
    coalesce(repost_with_metrics_count, 0) as repost_with_metrics_count,
    coalesce(own_post_count, 0) as own_post_count,
    coalesce(cut_own_post_count, 0) as cut_own_post_count,
    coalesce(greatest(1 - cut_own_post_count / nullif(own_post_count, 0), 0), 1) as complete_text_share,
    coalesce(missing_text_count, 0) as missing_text_count,
    coalesce(odd_handle_count, 0) as odd_handle_count,
    coalesce(odd_language_count, 0) as odd_language_count,
    coalesce(dated_post_count, 0) as dated_post_count,
    strftime(first_post_at, '%Y-%m-%d') as first_post_on,
    strftime(last_post_at, '%Y-%m-%d') as last_post_on,
    strftime(covered_from, '%Y-%m-%d') as covered_from,
    strftime(covered_to, '%Y-%m-%d') as covered_to,
    -- a sample has no missing months: nobody promised them
    case
        when is_census is true and dated_post_count > 0
            then datediff('month', first_post_at, last_post_at) + 1 - month_count
        else 0
    end as missing_month_count,
    case
        when is_census is true and dated_post_count > 0
            then cast(
                covered_from >= date_trunc('month', covered_from) + interval '{{ cut_month_days }} days' as integer
            ) + cast(
                covered_to
                < date_trunc('month', covered_to) + interval '1 month' - interval '{{ cut_month_days }} days' as integer
            )
        else 0
    end as partial_month_count,
    cast(
        coalesce(
            is_census is not true
            and first_post_at >= date_trunc('month', first_post_at) + interval '{{ cut_month_days }} days'
            and (
                dated_post_count between {{ timeline_cap_from }} and {{ timeline_cap_to }}
                or (dated_post_count >= {{ round_cap_min }} and dated_post_count % 100 = 0)
            ),
            false
        ) as integer
    ) as suspected_cap_count
from joined
