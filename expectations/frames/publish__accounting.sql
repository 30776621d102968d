-- One row: whether the published accounting adds up, for every capture and type of record.
with

accounting as (

    select * from quality.fct_record_accounting

),

rows_judged as (

    select
        capture_id,
        coalesce(delivered_count <> loaded_count + rejected_count, true)
        -- only posts of accepted captures have a fate; for other records there is none to add up
        or coalesce(
            loaded_post_count <> kept_count + duplicate_count + superseded_count + deleted_count,
            loaded_post_count is not null
        ) as is_unbalanced
    from accounting

),

captures_unaccounted as (

    select captures.capture_id
    from warehouse.raw.captures as captures
    inner join warehouse.raw.capture_members as members on captures.capture_id = members.capture_id
    where captures.status = 'accepted' and captures.capture_id not in (select capture_id from accounting)
    group by 1

)

select
    'social_bi' as subject,
    (select count(*) from rows_judged) as accounting_row_count,
    (select coalesce(sum(kept_count), 0) from accounting) as accounted_post_count,
    (select count(*) from marts.fct_posts) as published_post_count,
    (select count(*) from rows_judged where is_unbalanced)
    + (select count(*) from captures_unaccounted)
    + abs((select coalesce(sum(kept_count), 0) from accounting) - (select count(*) from marts.fct_posts))
        as unbalanced_publication_count
