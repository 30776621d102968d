-- One row: whether every hit has its post and lies inside the post's text.
select
    'fct_theme_hits' as subject,
    count(*) as theme_hit_count,
    count(*) filter (where posts.post_key is null) as orphaned_hit_count,
    count(*) filter (
        where
        posts.post_key is not null
        -- a hashtag of the source that the text no longer holds (a repost that was cut) has no place
        and hits.span_start is not null
        and not coalesce(
            hits.span_start >= 0 and hits.span_end > hits.span_start and hits.span_end <= length(posts.text), false
        )
    ) as misplaced_hit_count
from marts.fct_theme_hits as hits
left join marts.fct_posts as posts on hits.post_key = posts.post_key
