{{ delivered_accounts([
    ('x_api_v2_users', [('username', 'id', '"name"')], []),
    (
        'x_api_v2_posts',
        [('in_reply_to_user.username', 'in_reply_to_user.id', 'in_reply_to_user."name"')],
        [('referenced_tweets', 'a.author.username', 'a.author.id', 'a.author."name"')],
    ),
]) }}
