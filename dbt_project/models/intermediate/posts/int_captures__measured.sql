{%- set limits = id_damage_limits() -%}
with

posts as (

    select
        capture_id,
        source,
        platform,
        post_id,
        {{ epoch_ms_from_timestamp('posted_at') }} as posted_ms,
        posted_at_precision,
        case when platform = 'x' then {{ id_number('post_id') }} end as id_number

    from {{ ref('int_posts__unioned') }}

),

posts_judged as (

    select
        *,
        platform = 'x' and {{ is_scientific_id('post_id') }} as is_scientific,
        platform = 'x' and coalesce({{ is_coarse_number('id_number') }}, false) as is_coarse

    from posts

),

posts_timed as (

    select
        *,
        id_number >= 10000000000000000 and not is_coarse and not is_scientific as is_long,
        -- ids from 2^35 on carry their own time
        case when id_number >= 34359738368 and not is_coarse and not is_scientific then (id_number >> 22) + 1288834974657 end as id_ms

    from posts_judged

),

posts_compared as (

    select
        *,
        posted_ms - id_ms as difference_ms,
        -- what differs by a time zone differs by whole quarter hours
        cast(round((posted_ms - id_ms) / 900000.0) as bigint) as quarter_hours

    from posts_timed

),

captures_counted as (

    select
        capture_id,
        source,
        count(*) as record_count,

        ---------- ids
        count(*) filter (where post_id is null) as missing_id_count,
        count(*) filter (where is_scientific) as scientific_id_count,
        count(*) filter (where is_coarse and not is_scientific) as coarse_id_count,
        count(*) filter (where is_long) as long_id_count,
        count(*) filter (where is_long and {{ is_excel_id('id_number') }}) as excel_id_count,
        -- 2^58: ids of 2013 and later, of which JavaScript leaves most ending in 00
        count(*) filter (where is_long and id_number >= 288230376151711744) as recent_id_count,
        count(*) filter (
            where is_long and id_number >= 288230376151711744
            and id_number % 100 = 0 and not {{ is_excel_id('id_number') }}
        ) as javascript_id_count,
        count(*) filter (where is_long and {{ is_float_id('id_number') }}) as float_id_count,

        ---------- times
        count(*) filter (where id_ms is not null and posted_at_precision in ('day', 'minute')) as coarse_time_count,
        count(*) filter (where id_ms is not null and posted_at_precision not in ('day', 'minute')) as compared_count,
        -- a minute: of 82,226 posts 82,223 agree within one (2026-11-23)
        count(*) filter (
            where posted_at_precision not in ('day', 'minute') and abs(difference_ms) <= 60000
        ) as agreeing_count,
        count(*) filter (
            where posted_at_precision not in ('day', 'minute') and {{ is_zone_shift('difference_ms', 'quarter_hours') }}
        ) as shifted_count,
        min(quarter_hours) filter (
            where posted_at_precision not in ('day', 'minute') and {{ is_zone_shift('difference_ms', 'quarter_hours') }}
        ) * 15 as offset_minutes_from,
        max(quarter_hours) filter (
            where posted_at_precision not in ('day', 'minute') and {{ is_zone_shift('difference_ms', 'quarter_hours') }}
        ) * 15 as offset_minutes_to

    from posts_compared

    group by 1, 2

),

captures_measured as (

    select
        *,
        -- a few ids that all look damaged are damaged as well: by chance three do in 1 of 20,000 files
        case
            when
                long_id_count >= {{ limits.damaged_id_n_min }}
                and excel_id_count >= {{ limits.excel_id_share_max }} * long_id_count
                or long_id_count >= 3 and excel_id_count = long_id_count
                then 'excel'
            when
                recent_id_count >= {{ limits.damaged_id_n_min }}
                and javascript_id_count >= {{ limits.javascript_id_share_max }} * recent_id_count
                or recent_id_count >= 3 and javascript_id_count = recent_id_count
                then 'javascript'
            when
                long_id_count >= {{ limits.float_id_n_min }}
                and float_id_count >= {{ limits.float_id_share_max }} * long_id_count
                then 'float'
            when
                scientific_id_count > 0
                or coarse_id_count >= 3 and coarse_id_count >= {{ limits.excel_id_share_max }} * record_count
                then 'scientific'
            else 'none'
        end as id_damage,
        -- too few to tell damage from chance: an id of these counts as damaged when another capture has it otherwise
        long_id_count between 1 and {{ limits.float_id_n_min }} - 1
        and (
            float_id_count = long_id_count
            or excel_id_count = long_id_count
            or recent_id_count > 0 and javascript_id_count = recent_id_count
        ) as is_suspect,
        -- four posts and one of a hundred, or half of a short file: the limits of the staging gate
        shifted_count > 0.5 * compared_count
        or (shifted_count >= 4 and shifted_count > 0.01 * compared_count) as is_shifted

    from captures_counted

)

select * from captures_measured
order by capture_id, source
