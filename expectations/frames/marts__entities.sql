-- One row: in how many captures the hashtags that the source marked are not those that the texts show.
select
    'fct_post_hashtags' as subject,
    count(*) as compared_capture_count,
    coalesce(sum(compared_count), 0) as compared_post_count,
    coalesce(sum(differing_count), 0) as differing_post_count,
    count(*) filter (where differing_count > {{ entity_difference_share_max }} * compared_count) as unlike_capture_count
from ({{ entity_comparison }}) as captures
where compared_count >= {{ entity_comparison_n_min }}
