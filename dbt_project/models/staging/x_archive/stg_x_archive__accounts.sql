{{ delivered_accounts([
    ('x_archive_posts', [], [('entities.user_mentions', 'a.screen_name', known_account_id('a.id_str'), 'a."name"')]),
]) }}
