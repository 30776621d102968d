-- One row: whether the published accounting adds up, capture by capture.
with

accounting as (

    select
        capture_id,
        delivered_count is distinct from loaded_count + rejected_count
        or loaded_post_count is distinct from kept_count + duplicate_count + superseded_count + deleted_count
            as is_unbalanced
    from quality.fct_record_accounting

)

select
    'social_bi' as subject,
    count(*) as published_capture_count,
    count(*) filter (where is_unbalanced) as unbalanced_publication_count
from accounting
