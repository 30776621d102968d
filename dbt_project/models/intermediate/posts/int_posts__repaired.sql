with

-- Most captures have sound ids and times: then this is empty, and nothing below is read.
captures_in_question as (

    select
        capture_id,
        source,
        id_damage,
        is_suspect,
        is_shifted

    from {{ ref('int_captures__measured') }}

    where id_damage <> 'none'
        or is_suspect
        or is_shifted
        or missing_id_count > 0
        or coarse_time_count > 0

),

captures_sound as (

    select
        capture_id,
        source

    from {{ ref('int_captures__measured') }}

    where id_damage = 'none'
        and not is_suspect

),

delivered_posts as (

    select * from {{ ref('int_posts__unioned') }}

),

records_in_question as (

    select
        posts.capture_id,
        posts.record_no,
        posts.source,
        posts.platform,
        posts.post_id,
        posts.account_id,
        posts.handle,
        posts.posted_at,
        posts.posted_at_precision,
        {{ epoch_ms_from_timestamp('posts.posted_at') }} as posted_ms,
        posts.text,
        captures.id_damage,
        captures.is_suspect,
        captures.is_shifted,
        case
            when posts.platform = 'x' and not {{ is_scientific_id('posts.post_id') }}
                then {{ id_number('posts.post_id') }}
        end as id_number

    from delivered_posts as posts

    inner join captures_in_question as captures
        on posts.capture_id = captures.capture_id
        and posts.source = captures.source

),

records_judged as (

    select
        *,
        case
            when post_id is null then 'missing'
            when platform <> 'x' then 'exact'
            when {{ is_scientific_id('post_id') }} then 'scientific'
            when id_damage = 'scientific' and {{ is_coarse_number('id_number') }} then 'scientific'
            when id_damage = 'excel' and {{ is_excel_id('id_number') }} then 'rounded'
            when id_damage = 'javascript' and {{ is_javascript_id('id_number') }} then 'rounded'
            when id_damage = 'float' and {{ is_float_id('id_number') }} then 'rounded'
            when is_suspect and id_number >= 10000000000000000 then 'suspect'
            else 'exact'
        end as id_state

    from records_in_question

),

records_numbered as (

    select
        *,
        case
            when id_state in ('exact', 'rounded', 'suspect') and id_number >= 34359738368
                then (id_number >> 22) + 1288834974657
        end as id_ms

    from records_judged

),

-- By millisecond: Excel, floats and JavaScript leave the time in the id as it was.
records_by_millisecond as (

    select
        capture_id,
        record_no,
        source,
        platform,
        account_id,
        lower(handle) as handle,
        id_number,
        id_ms

    from records_numbered

    where id_state in ('rounded', 'suspect')

),

sound_ids as (

    select
        posts.platform,
        posts.post_id,
        posts.account_id,
        lower(posts.handle) as handle,
        {{ id_number('posts.post_id') }} as id_number

    from {{ ref('int_posts__unioned') }} as posts

    inner join captures_sound
        on posts.capture_id = captures_sound.capture_id
        and posts.source = captures_sound.source

    where posts.platform = 'x'

    union all

    -- a deleted post must be known for what it is, wherever it turns up
    select
        platform,
        post_id,
        account_id,
        cast(null as varchar) as handle,
        {{ id_number('post_id') }} as id_number

    from {{ ref('int_posts__tombstones') }}

    where platform = 'x'

),

matches_by_millisecond as (

    select
        records.capture_id,
        records.record_no,
        records.source,
        min(sound_ids.post_id) as post_id,
        max(sound_ids.account_id) as account_id

    from sound_ids

    inner join records_by_millisecond as records
        on sound_ids.platform = records.platform
        and (sound_ids.id_number >> 22) + 1288834974657 = records.id_ms

    -- 10,000: what Excel takes from an id of 19 digits, the most of the three
    where abs(sound_ids.id_number - records.id_number) < 10000
        and (
            sound_ids.account_id = records.account_id
            or sound_ids.handle = records.handle
            or (sound_ids.account_id is null and sound_ids.handle is null)
            or (records.account_id is null and records.handle is null)
        )

    group by 1, 2, 3

    having count(distinct sound_ids.post_id) = 1

),

-- By author, time as exactly as it is stated, and beginning of the text: where the id tells no time, or there is none.
records_by_text as (

    select
        records.capture_id,
        records.record_no,
        records.source,
        records.platform,
        records.account_id,
        lower(records.handle) as handle,
        {{ text_stub('records.text') }} as stub,
        case records.posted_at_precision when 'day' then 86400000 when 'minute' then 60000 else 1000 end as precision_ms,
        records.posted_ms,
        unnest({{ author_marks('records.account_id', 'records.handle') }}) as author

    from records_numbered as records

    left join matches_by_millisecond
        on records.capture_id = matches_by_millisecond.capture_id
        and records.record_no = matches_by_millisecond.record_no
        and records.source = matches_by_millisecond.source

    where records.platform = 'x'
        and records.id_state in ('missing', 'scientific', 'rounded')
        and matches_by_millisecond.post_id is null

),

records_by_day as (

    select
        *,
        -- a second before midnight and after it are near each other
        unnest({{ list_of([
            '(posted_ms - 1000) // 86400000',
            'case when (posted_ms - 1000) // 86400000 <> (posted_ms + 1000) // 86400000
                then (posted_ms + 1000) // 86400000 end',
        ]) }}) as day_number

    from records_by_text

    where author is not null

),

sound_days as (

    select
        posts.capture_id,
        posts.record_no,
        posts.source,
        posts.platform,
        posts.post_id,
        posts.account_id,
        unnest({{ author_marks('posts.account_id', 'posts.handle') }}) as author,
        -- an id of before November 2010 holds no time: there the stated one must do
        case
            when {{ has_time_in_id('posts.post_id') }} then ({{ id_number('posts.post_id') }} >> 22) + 1288834974657
            else {{ epoch_ms_from_timestamp('posts.posted_at') }}
        end as known_ms

    from {{ ref('int_posts__unioned') }} as posts

    inner join captures_sound
        on posts.capture_id = captures_sound.capture_id
        and posts.source = captures_sound.source

    where posts.platform = 'x'
        and posts.post_id is not null
        and ({{ has_time_in_id('posts.post_id') }} or posts.posted_at_precision <> 'day')
        -- nothing to look for: then nothing is read
        and exists (select 1 from records_by_day)

),

candidates_by_text as (

    select distinct
        records.capture_id,
        records.record_no,
        records.source,
        records.stub,
        records.precision_ms,
        sound_days.capture_id as sound_capture_id,
        sound_days.record_no as sound_record_no,
        sound_days.source as sound_source,
        sound_days.post_id,
        sound_days.account_id

    from sound_days

    inner join records_by_day as records
        on sound_days.platform = records.platform
        and sound_days.author = records.author
        and sound_days.known_ms // 86400000 = records.day_number

    where records.precision_ms = 86400000
        or (records.precision_ms = 60000 and sound_days.known_ms // 60000 = records.posted_ms // 60000)
        -- the stated second may be that before or after the one in the id
        or (records.precision_ms = 1000 and abs(sound_days.known_ms // 1000 - records.posted_ms // 1000) <= 1)

),

candidates_with_text as (

    select
        candidates.*,
        {{ text_stub('posts.text') }} as sound_stub

    from {{ ref('int_posts__unioned') }} as posts

    inner join candidates_by_text as candidates
        on posts.capture_id = candidates.sound_capture_id
        and posts.record_no = candidates.sound_record_no
        and posts.source = candidates.sound_source

),

matches_by_text as (

    select
        capture_id,
        record_no,
        source,
        min(post_id) as post_id,
        max(account_id) as account_id

    from candidates_with_text

    where (starts_with(sound_stub, stub) or starts_with(stub, sound_stub))
        -- a day holds many short texts
        and (precision_ms < 86400000 or least(length(stub), length(sound_stub)) >= 10)

    group by 1, 2, 3

    having count(distinct post_id) = 1

),

records_matched as (

    select
        records.*,
        coalesce(matches_by_millisecond.post_id, matches_by_text.post_id) as matched_post_id,
        coalesce(matches_by_millisecond.account_id, matches_by_text.account_id) as matched_account_id

    from records_numbered as records

    left join matches_by_millisecond
        on records.capture_id = matches_by_millisecond.capture_id
        and records.record_no = matches_by_millisecond.record_no
        and records.source = matches_by_millisecond.source

    left join matches_by_text
        on records.capture_id = matches_by_text.capture_id
        and records.record_no = matches_by_text.record_no
        and records.source = matches_by_text.source

),

records_repaired as (

    select
        *,
        case
            when id_state = 'exact' then 'exact'
            when id_state = 'suspect' and coalesce(matched_post_id = post_id, true) then 'exact'
            when matched_post_id is not null then 'repaired'
            else 'unrepaired'
        end as post_id_status,
        case
            when matched_post_id is not null and {{ has_time_in_id('matched_post_id') }}
                then ({{ id_number('matched_post_id') }} >> 22) + 1288834974657
            else id_ms
        end as known_ms

    from records_matched

),

records_timed as (

    select
        *,
        -- the id is exact to the millisecond: it serves where the source states a day or a minute, and where the whole
        -- capture is off by a time zone; a single false time stays as it is stated
        coalesce(
            posted_at_precision in ('day', 'minute') and known_ms is not null
            or is_shifted
            and {{ is_zone_shift('(posted_ms - known_ms)', 'cast(round((posted_ms - known_ms) / 900000.0) as bigint)') }},
            false
        ) as is_timed_by_id

    from records_repaired

),

records_named as (

    select
        capture_id,
        record_no,
        source,
        platform,
        post_id as delivered_post_id,
        posted_at as delivered_posted_at,
        case post_id_status
            when 'exact' then post_id
            when 'repaired' then matched_post_id
            else {{ surrogate_post_id(
                'platform',
                "coalesce(lower(handle), account_id)",
                "case when id_state = 'rounded' then cast(id_ms as varchar)
                    else concat(cast(posted_ms as varchar), '|', md5(coalesce(text, ''))) end"
            ) }}
        end as post_id,
        post_id_status,
        -- the account's own id went through the same hands
        case
            when post_id_status = 'repaired' then coalesce(matched_account_id, account_id)
            when post_id_status = 'unrepaired' and handle is not null and (
                {{ is_scientific_id('account_id') }}
                or id_damage = 'excel' and {{ is_excel_id(id_number('account_id')) }}
                or id_damage = 'javascript' and {{ is_javascript_id(id_number('account_id')) }}
                or id_damage = 'float' and {{ is_float_id(id_number('account_id')) }}
            ) then null
            else account_id
        end as account_id,
        case when is_timed_by_id then {{ timestamp_from_epoch_ms('known_ms') }} else posted_at end as posted_at,
        case when is_timed_by_id then 'millisecond' else posted_at_precision end as posted_at_precision,
        case when is_timed_by_id then 'id' else 'stated' end as posted_at_basis

    from records_timed

    where post_id_status <> 'exact'
        or is_timed_by_id

)

select * from records_named
order by capture_id, source, record_no
