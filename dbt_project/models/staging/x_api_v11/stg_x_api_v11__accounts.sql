{%- set single = [] -%}
{%- for user in ['retweeted_status."user"', 'quoted_status."user"'] -%}
    {%- do single.append((user ~ '.screen_name', 'coalesce(' ~ user ~ '.id_str, ' ~ user ~ '.id)', user ~ '."name"')) -%}
{%- endfor -%}
{%- set listed = [] -%}
{%- for entities in [
    'entities', 'extended_tweet.entities', 'retweeted_status.entities', 'retweeted_status.extended_tweet.entities',
] -%}
    {%- do listed.append((
        entities ~ '.user_mentions', 'a.screen_name', known_account_id('coalesce(a.id_str, a.id)'), 'a."name"',
    )) -%}
{%- endfor -%}
{{ delivered_accounts([
    ('x_api_v11_posts', single, listed),
    ('x_api_v11_users', [('screen_name', 'id_str', '"name"')], []),
]) }}
