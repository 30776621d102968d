-- One row per capture: what was delivered, what arrived, what the source says about itself.
with

captures as (

    -- a quarantined capture was judged when it came, and stays out until a person accepts it
    select * from raw.captures
    where status is distinct from 'quarantined'

),

raw_records as (

    {{ raw_records }}

),

records_by_type as (

    select capture_id, record_type, count(*) as row_count
    from raw_records
    group by 1, 2

),

members_by_type as (

    select capture_id, record_type, sum(loaded_count) as loaded_count
    from raw.capture_members
    where record_type in ('post', 'csv_post', 'note', 'deletion')
    group by 1, 2

),

rows_against_ledger as (

    select
        coalesce(records_by_type.capture_id, members_by_type.capture_id) as capture_id,
        sum(coalesce(records_by_type.row_count, 0)) as row_count,
        sum(coalesce(members_by_type.loaded_count, 0)) as ledger_count,
        sum(abs(coalesce(records_by_type.row_count, 0) - coalesce(members_by_type.loaded_count, 0)))
            as row_difference
    from records_by_type
    full outer join members_by_type
        on records_by_type.capture_id = members_by_type.capture_id
        and records_by_type.record_type = members_by_type.record_type
    group by 1

),

members as (

    select
        capture_id,
        sum(delivered_count) as delivered_count,
        sum(loaded_count) as loaded_count,
        sum(rejected_count) as rejected_count,
        -- lists, counts and the like beside the posts are set aside by kind; only damaged records tell of damage
        coalesce(sum(delivered_count) filter (where record_type <> 'other'), 0) as judged_count,
        coalesce(sum(rejected_count) filter (where record_type <> 'other'), 0) as damaged_count,
        count(*) filter (where delivered_count is distinct from loaded_count + rejected_count)
            as unbalanced_member_count
    from raw.capture_members
    group by 1

),

totals as (

    select
        capture_id,
        count(*) as stated_total_count,
        count(*) filter (where agrees is not true) as disagreeing_total_count,
        count(*) filter (where is_binding) as binding_total_count,
        count(*) filter (where is_binding and agrees is not true) as disagreeing_binding_total_count
    from raw.control_totals
    group by 1

),

-- a file of posts that ends in the middle: how many posts are missing is not known
cut_members as (

    select rejected_records.capture_id, count(distinct rejected_records.member) as cut_member_count
    from raw.rejected_records
    inner join raw.capture_members
        on rejected_records.capture_id = capture_members.capture_id
        and rejected_records.member = capture_members.member
    where
        rejected_records.reason_code = 'cut_off'
        and capture_members.record_type = 'post'
    group by 1

),

rejections as (

    select capture_id, count(*) as explained_rejection_count
    from raw.rejected_records
    group by 1

)

select
    captures.capture_id as subject,
    captures.source,
    captures.file_name,
    captures.delivered_count,
    captures.loaded_count,
    captures.rejected_count,
    abs(captures.delivered_count - captures.loaded_count - captures.rejected_count)
        + coalesce(members.unbalanced_member_count, 0)
        + abs(captures.delivered_count - coalesce(members.delivered_count, 0))
        + abs(captures.loaded_count - coalesce(members.loaded_count, 0))
        + abs(captures.rejected_count - coalesce(members.rejected_count, 0)) as unaccounted_count,
    coalesce(rows_against_ledger.row_count, 0) as row_count,
    coalesce(rows_against_ledger.ledger_count, 0) as ledger_count,
    coalesce(rows_against_ledger.row_difference, 0) as row_difference,
    case
        when captures.delivered_count = 0 then 0
        else captures.rejected_count / captures.delivered_count
    end as rejected_share,
    coalesce(members.judged_count, 0) as judged_count,
    coalesce(members.damaged_count, 0) as damaged_count,
    coalesce(members.damaged_count / nullif(members.judged_count, 0), 0) as damaged_share,
    case
        when
            members.damaged_count >= {{ rejected_count_min }}
            or members.damaged_count > members.judged_count * {{ rejected_share_short_file_max }}
            then members.damaged_count / members.judged_count
        else 0
    end as judged_damaged_share,
    coalesce(rejections.explained_rejection_count, 0) as explained_rejection_count,
    greatest(captures.rejected_count - coalesce(rejections.explained_rejection_count, 0), 0)
        as unexplained_rejection_count,
    coalesce(totals.stated_total_count, 0) as stated_total_count,
    coalesce(totals.disagreeing_total_count, 0) as disagreeing_total_count,
    coalesce(totals.binding_total_count, 0) as binding_total_count,
    coalesce(totals.disagreeing_binding_total_count, 0) as disagreeing_binding_total_count,
    coalesce(cut_members.cut_member_count, 0) as cut_member_count,
    coalesce(totals.disagreeing_binding_total_count, 0)
        -- what promises to be everything must be whole, and a lone file of posts out of an archive: it is in no order of
        -- time, so what is missing is missing everywhere. A stream or sample that a disconnect cut stays what it is.
        + case
            when captures.is_census or totals.binding_total_count > 0 or captures.source = 'x_archive' then coalesce(cut_members.cut_member_count, 0)
            else 0
        end as missing_part_count,
    -- who it is stays out of the words: outcomes are published
    case
        when coalesce(captures.owner_account_id, captures.owner_handle) is not null then 'the owner is known'
        when captures.is_census is false then 'a sample of several accounts has no owner'
    end as owner,
    strftime(captures.observed_at at time zone 'UTC', '%Y-%m-%d %H:%M:%S') as observed_at,
    case
        when captures.observed_at is null then coalesce(nullif(captures.observed_at_basis, ''), 'not stated')
        else concat(
            strftime(captures.observed_at at time zone 'UTC', '%Y-%m-%d %H:%M:%S'), ' UTC (',
            coalesce(nullif(captures.observed_at_basis, ''), 'basis not stated'), ')'
        )
    end as observed_at_words,
    captures.encoding
from captures
left join members on captures.capture_id = members.capture_id
left join rows_against_ledger on captures.capture_id = rows_against_ledger.capture_id
left join totals on captures.capture_id = totals.capture_id
left join cut_members on captures.capture_id = cut_members.capture_id
left join rejections on captures.capture_id = rejections.capture_id
