-- One row: whether a hashtag stands once per post, and every row has its post.
select
    'fct_post_hashtags' as subject,
    (select count(*) from marts.fct_post_hashtags) as hashtag_row_count,
    (
        select coalesce(sum(row_count - 1), 0)
        from (select count(*) as row_count from marts.fct_post_hashtags group by post_key, hashtag having count(*) > 1)
    ) as repeated_hashtag_count,
    (
        select count(*) from marts.fct_post_hashtags as hashtags
        where not exists (select 1 from marts.fct_posts as posts where posts.post_key = hashtags.post_key)
    ) as orphaned_hashtag_count
