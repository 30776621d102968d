-- One row: whether each post stands once in fct_posts, and none that was deleted.
with

posts as (

    select post_key, platform, post_id, account_key from marts.fct_posts

),

captures as (

    select capture_id from raw.captures
    where status = 'accepted'

),

raw_records as (

    {{ raw_records }}

),

-- read from raw, not from the models: the promise must hold whatever they do
deletions as (

    select distinct raw_records.record_id as post_id
    from raw_records
    inner join captures on raw_records.capture_id = captures.capture_id
    where raw_records.record_type = 'deletion' and raw_records.record_id is not null

),

-- what says that it is of an account, and not of a post, can be told by the models only
accounts_gone as (

    select account_key from intermediate.int_accounts__deletions

),

loaded as (

    select coalesce(sum(members.loaded_count), 0) as loaded_post_count
    from raw.capture_members as members
    inner join captures on members.capture_id = captures.capture_id
    where members.record_type in ('post', 'csv_post')

)

select
    'fct_posts' as subject,
    (select count(*) from posts) as post_row_count,
    (select count(*) - count(distinct post_key) from posts) as repeated_post_key_count,
    (
        select count(*) from posts
        where (platform = 'x' and post_id in (select post_id from deletions))
            or account_key in (select account_key from accounts_gone)
    ) as deleted_post_count,
    (select loaded_post_count from loaded) as loaded_post_count,
    cast(
        (select count(*) from posts) = 0
        and exists (
            select 1 from raw_records
            inner join captures on raw_records.capture_id = captures.capture_id
            where raw_records.record_type in ('post', 'csv_post')
                -- captures of which every post was deleted leave nothing
                and raw_records.record_id not in (select post_id from deletions)
                and (raw_records.capture_id, raw_records.record_no) not in (
                    select capture_id, record_no from intermediate.int_posts__observations
                    where account_key in (select account_key from accounts_gone)
                )
        ) as integer
    ) as empty_post_table_count
