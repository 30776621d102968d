-- One row: whether every theme of a post has its post and its hits.
select
    'fct_post_themes' as subject,
    count(*) as post_theme_count,
    count(*) filter (
        where not exists (select 1 from marts.fct_posts as posts where posts.post_key = themes.post_key)
    ) as orphaned_theme_count
from marts.fct_post_themes as themes
