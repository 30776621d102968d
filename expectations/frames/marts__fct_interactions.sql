-- One row: whether every interaction has its post, stands once, and is none with oneself by thread.
select
    'fct_interactions' as subject,
    (select count(*) from marts.fct_interactions) as interaction_count,
    (
        select count(*) from marts.fct_interactions as interactions
        where not exists (select 1 from marts.fct_posts as posts where posts.post_key = interactions.post_key)
    ) as orphaned_interaction_count,
    (
        select coalesce(sum(row_count - 1), 0)
        from (
            select count(*) as row_count
            from marts.fct_interactions
            group by post_key, target_account_key, kind
            having count(*) > 1
        )
    ) as repeated_interaction_count
