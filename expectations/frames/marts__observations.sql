-- One row: whether every loaded record has exactly one fate, and every kept one is a post.
with

loaded as (

    select
        captures.capture_id,
        max(captures.delivered_count) as delivered_count,
        max(captures.loaded_count) as loaded_count,
        max(captures.rejected_count) as rejected_count,
        coalesce(sum(members.loaded_count) filter (where members.record_type in ('post', 'csv_post')), 0)
            as loaded_post_count
    from raw.captures as captures
    left join raw.capture_members as members on captures.capture_id = members.capture_id
    where captures.status = 'accepted'
    group by 1

),

fates as (

    select
        capture_id,
        count(*) as record_count,
        count(*) filter (where outcome in ('kept', 'duplicate', 'superseded', 'deleted')) as accounted_count,
        count(*) - count(distinct (source, record_no)) as repeated_record_count
    from intermediate.int_posts__observations
    group by 1

),

compared as (

    select
        coalesce(loaded.capture_id, fates.capture_id) as capture_id,
        loaded.delivered_count is distinct from loaded.loaded_count + loaded.rejected_count
        or loaded.loaded_post_count is distinct from coalesce(fates.accounted_count, 0)
        or coalesce(fates.record_count, 0) <> coalesce(fates.accounted_count, 0)
        or coalesce(fates.repeated_record_count, 0) > 0 as is_unbalanced
    from loaded
    full outer join fates on loaded.capture_id = fates.capture_id

)

select
    'int_posts__observations' as subject,
    (select count(*) from compared) as accounted_capture_count,
    (select count(*) from compared where is_unbalanced) as unbalanced_capture_count,
    (select count(*) from intermediate.int_posts__observations where outcome = 'kept') as kept_record_count,
    (select count(*) from marts.fct_posts) as kept_post_count,
    (
        select count(*)
        from (select post_key from intermediate.int_posts__observations where outcome = 'kept') as kept
        full outer join marts.fct_posts as posts on kept.post_key = posts.post_key
        where kept.post_key is null or posts.post_key is null
    ) as kept_difference_count
