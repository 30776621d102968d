-- One row: whether engagement holds own posts only.
select
    'fct_post_engagement' as subject,
    count(*) as engagement_row_count,
    count(*) filter (where posts.kind = 'repost') as repost_engagement_count,
    count(*) filter (where posts.post_key is null) as orphaned_engagement_count
from marts.fct_post_engagement as engagement
left join marts.fct_posts as posts on engagement.post_key = posts.post_key
