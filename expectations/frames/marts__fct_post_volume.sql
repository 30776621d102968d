-- One row: whether the months add up to the posts, and zero and null stand where they belong.
with

volume as (

    select account_key, posted_month, kind, post_count, coverage_status from marts.fct_post_volume

),

counted as (

    select account_key, posted_month, kind, count(*) as post_count
    from marts.fct_posts
    -- accounts that reports do not tell apart have no month: fct_others_months counts theirs together
    where posted_month is not null
    group by 1, 2, 3

),

compared as (

    select
        coalesce(volume.post_count, 0) as volume_count,
        coalesce(counted.post_count, 0) as counted_count
    from volume
    full outer join counted
        on volume.account_key = counted.account_key
        and volume.posted_month = counted.posted_month
        and volume.kind = counted.kind

)

select
    'fct_post_volume' as subject,
    (select coalesce(sum(volume_count), 0) from compared) as volume_post_count,
    (select coalesce(sum(counted_count), 0) from compared) as counted_post_count,
    (select count(*) from compared where volume_count <> counted_count) as volume_difference_count,
    (select count(*) from volume where post_count = 0 and coalesce(coverage_status, '') not in ('observed', 'partial'))
        as zero_outside_coverage_count,
    (select count(*) from volume where post_count is null and coverage_status in ('observed', 'partial'))
        as null_inside_coverage_count,
    (select count(*) from volume) as volume_row_count
