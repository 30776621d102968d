{%- set account_id -%}
    case when repairs.capture_id is not null then repairs.account_id else delivered_ids.account_id end
{%- endset -%}
with

-- The posts are read twice, narrow and wide, each by its own import: one import used twice would be kept whole.
delivered_ids as (

    select
        capture_id,
        record_no,
        source,
        platform,
        post_id,
        version_group,
        account_id,
        handle,
        posted_at,
        posted_at_precision,
        observed_at

    from {{ ref('int_posts__unioned') }}

),

repairs as (

    select * from {{ ref('int_posts__repaired') }}

),

posts as (

    select * from {{ ref('int_posts__unioned') }}

),

ids_of_handles as (

    select * from {{ ref('int_accounts__ids_of_handles') }}

),

-- Ids and times as they are known, not as they were delivered. A record with another id is in its own group.
post_ids as (

    select
        delivered_ids.capture_id,
        delivered_ids.record_no,
        delivered_ids.source,
        delivered_ids.platform,
        coalesce(repairs.post_id, delivered_ids.post_id) as post_id,
        case
            when repairs.post_id_status <> 'exact' then repairs.post_id
            else delivered_ids.version_group
        end as version_group,
        {{ account_id }} as account_id,
        delivered_ids.handle,
        -- what is to be looked up; as a column, since a join may compare only columns of both sides to be fast
        case when {{ account_id }} is null then lower(delivered_ids.handle) end as handle_without_id,
        coalesce(repairs.posted_at, delivered_ids.posted_at) as posted_at,
        delivered_ids.observed_at,
        delivered_ids.posted_at_precision in ('day', 'minute') as is_coarsely_timed,
        coalesce(repairs.post_id_status, 'exact') as post_id_status,
        coalesce(repairs.posted_at_basis, 'stated') as posted_at_basis

    from delivered_ids

    left join repairs
        on delivered_ids.capture_id = repairs.capture_id
        and delivered_ids.record_no = repairs.record_no
        and delivered_ids.source = repairs.source

),

tombstones as (

    select
        platform,
        post_id,
        -- a post that was not found is gone until somebody sees it again; a deletion is for good
        bool_or(reason <> 'not_found') as is_final,
        max(deleted_at) as missed_at

    from {{ ref('int_posts__tombstones') }}

    group by 1, 2

),

accounts_gone as (

    select distinct account_key
    from {{ ref('int_accounts__deletions') }}

),

-- A source that knows no edits gives a later version its own id as group, one that knows them gives the first version's:
-- what any record says of a post holds for all records of that post.
edited_posts as (

    select
        platform,
        post_id,
        min(version_group) as version_group

    from post_ids

    where version_group <> post_id

    group by 1, 2

),

-- The narrow part: which records speak of the same post. Most posts are delivered once and need nothing more, so no
-- text, list or count is read before it is known that two records compete.
records as (

    select
        post_ids.capture_id,
        post_ids.record_no,
        post_ids.source,
        post_ids.platform,
        post_ids.post_id,
        coalesce(edited_posts.version_group, post_ids.post_id) as version_group,
        {{ row_hash(['post_ids.platform', 'coalesce(edited_posts.version_group, post_ids.post_id)']) }} as group_hash,
        -- a table that states the handle only is of the account to which another capture gives this handle
        {{ account_key(
            'post_ids.platform', 'coalesce(post_ids.account_id, ids_of_handles.account_id)', 'post_ids.handle'
        ) }} as account_key,
        post_ids.account_id is not null as has_account_id,
        post_ids.posted_at,
        post_ids.observed_at,
        post_ids.is_coarsely_timed,
        post_ids.post_id_status,
        post_ids.posted_at_basis

    from post_ids

    left join edited_posts
        on post_ids.platform = edited_posts.platform
        and post_ids.post_id = edited_posts.post_id

    left join ids_of_handles
        on post_ids.platform = ids_of_handles.platform
        and post_ids.handle_without_id = ids_of_handles.folded_handle

),

-- Numbers group five times as fast as texts. Two groups with one hash do no harm: what follows compares the ids.
contested_hashes as (

    select group_hash

    from records

    group by 1

    having count(*) > 1

),

contested_keys as (

    select
        records.capture_id,
        records.record_no,
        records.source,
        records.post_id,
        records.version_group,
        records.account_key,
        records.has_account_id,
        records.is_coarsely_timed,
        records.post_id_status

    from records

    inner join contested_hashes
        on records.group_hash = contested_hashes.group_hash

),

-- On Mastodon an edited post keeps its id, and says when it was edited.
edit_times as (

    select
        capture_id,
        record_no,
        source,
        {{ parse_iso_time(json_text('source_metadata', '$.edited_at')) }} as edited_at

    from {{ ref('int_posts__unioned') }}

    where platform = 'mastodon'

),

contested_records as (

    select
        posts.capture_id,
        posts.record_no,
        posts.source,
        posts.platform,
        contested_keys.post_id,
        contested_keys.version_group,
        contested_keys.account_key,
        contested_keys.has_account_id,
        contested_keys.is_coarsely_timed,
        contested_keys.post_id_status,
        posts.observed_at,
        edit_times.edited_at,
        posts.text_is_complete,
        posts.links is not null and posts.source <> 'x_archive_legacy_csv' as has_entities,
        md5(posts.text) as text_hash,
        {% for metric in metric_columns() -%}
        posts.{{ metric }},
        {% endfor -%}
        {% for metric in metric_columns() -%}
        case when posts.{{ metric }} is not null then 1 else 0 end{{ ' + ' if not loop.last }}
        {%- endfor %} as metric_count

    from posts

    inner join contested_keys
        on posts.capture_id = contested_keys.capture_id
        and posts.record_no = contested_keys.record_no
        and posts.source = contested_keys.source

    left join edit_times
        on contested_keys.capture_id = edit_times.capture_id
        and contested_keys.record_no = edit_times.record_no
        and contested_keys.source = edit_times.source

),

-- The latest version of an edited post, of it the most complete record, of these the latest observation; capture and
-- position decide what is left, so that no order of loading can. Counts grow: of two records without a time, the one with
-- the higher counts was observed later (in a real file to which a collector appended, 32 of 32 posts seen again). A record
-- that states only the day, or whose id was damaged, brings counts, and stands for the post only where no other does.
ranked_records as (

    select
        *,
        count(*) over (partition by platform, version_group) as record_count,
        row_number() over (
            partition by platform, version_group
            order by
                try_cast(post_id as bigint) desc nulls last,
                post_id desc,
                edited_at desc nulls last,
                text_is_complete desc nulls last,
                is_coarsely_timed,
                has_entities desc,
                post_id_status,
                has_account_id desc,
                metric_count desc,
                observed_at desc nulls last,
                like_count desc nulls last,
                repost_count desc nulls last,
                capture_id,
                source,
                record_no
        ) as observation_rank

    from contested_records

),

winners as (

    select * from ranked_records
    where observation_rank = 1

),

-- X Analytics states impressions and no text, an archive the text and no impressions: each count as the best record of
-- the same version states it.
counts_known as (

    select
        ranked_records.platform,
        ranked_records.version_group,
        {% for metric in metric_columns() -%}
        arg_min(ranked_records.{{ metric }}, ranked_records.observation_rank) as {{ metric }}{{ ',' if not loop.last }}
        {% endfor %}
    from ranked_records

    inner join winners
        on ranked_records.platform = winners.platform
        and ranked_records.version_group = winners.version_group
        and ranked_records.post_id = winners.post_id

    group by 1, 2

),

judged_records as (

    select
        ranked_records.capture_id,
        ranked_records.record_no,
        ranked_records.source,
        ranked_records.record_count as observation_count,
        ranked_records.observation_rank,
        winners.post_id as kept_post_id,
        winners.account_key,
        case
            when ranked_records.observation_rank = 1 then 'kept'
            when ranked_records.post_id <> winners.post_id then 'superseded'
            when
                ranked_records.source = 'x_archive_legacy_csv'
                and ranked_records.capture_id = winners.capture_id
                then 'duplicate'
            -- says nothing that the kept record does not say: the same text, and no count that differs
            when
                ranked_records.text_hash is not distinct from winners.text_hash
                {% for metric in metric_columns() -%}
                and (ranked_records.{{ metric }} is null or ranked_records.{{ metric }} = winners.{{ metric }})
                {% endfor -%}
                then 'duplicate'
            else 'superseded'
        end as outcome,
        {% for metric in metric_columns() -%}
        counts_known.{{ metric }}{{ ',' if not loop.last }}
        {% endfor %}
    from ranked_records

    inner join winners
        on ranked_records.platform = winners.platform
        and ranked_records.version_group = winners.version_group

    inner join counts_known
        on ranked_records.platform = counts_known.platform
        and ranked_records.version_group = counts_known.version_group

),

deleted_groups as (

    -- a deletion reaches every version of the post
    select
        records.platform,
        records.version_group

    from records

    inner join tombstones
        on records.platform = tombstones.platform
        and records.post_id = tombstones.post_id

    group by 1, 2

    having bool_or(tombstones.is_final)
        or not bool_or(coalesce(records.observed_at > tombstones.missed_at, false))

    union

    -- and with its account every post goes
    select
        records.platform,
        records.version_group

    from records

    inner join accounts_gone
        on records.account_key = accounts_gone.account_key

),

observations as (

    select
        records.capture_id,
        records.record_no,
        records.source,
        case when records.source = 'x_archive_legacy_csv' then 'csv_post' else 'post' end as record_type,
        records.platform,
        {{ post_key('records.platform', 'records.post_id') }} as post_key,
        case
            when judged_records.kept_post_id <> records.post_id
                then {{ post_key('records.platform', 'judged_records.kept_post_id') }}
        end as replaced_by_post_key,
        -- a post has one author: the one that its kept record names
        coalesce(judged_records.account_key, records.account_key) as account_key,
        records.post_id_status,
        records.posted_at_basis,
        case
            when deleted_groups.version_group is not null then 'deleted'
            else coalesce(judged_records.outcome, 'kept')
        end as outcome,
        coalesce(judged_records.observation_rank, 1) as observation_rank,
        coalesce(judged_records.observation_count, 1) as observation_count,
        records.posted_at,
        {% for metric in metric_columns() -%}
        case when judged_records.outcome = 'kept' then judged_records.{{ metric }} end as {{ metric }}{{ ',' if not loop.last }}
        {% endfor %}

    from records

    left join judged_records
        on records.capture_id = judged_records.capture_id
        and records.record_no = judged_records.record_no
        and records.source = judged_records.source

    left join deleted_groups
        on records.platform = deleted_groups.platform
        and records.version_group = deleted_groups.version_group

)

select * from observations
