-- One row: whether private persons, rows about one or a few of them, and personal data stand in what is published.
select
    'social_bi' as subject,
    (
        select count(*)
        from ({{ private_mentions }}) as mentions
    ) + (
        select count(*)
        from marts.fct_posts as posts
        inner join marts.dim_accounts as accounts on posts.account_key = accounts.account_key
        where not accounts.is_registered and coalesce(posts.post_id, posts.text) is not null
    ) as private_person_count,
    (
        select count(*)
        from ({{ rows_of_others }}) as rows_of_others
    ) as small_cell_count,
    (
        select count(*)
        from ({{ published_words }}) as texts
        where {{ holds_personal_data }}
    ) as personal_data_count
