{#- Two homes of a quoted or reposted post (with limited visibility it lies one level deeper), two of a name (it moved in 2025). -#}
{%- set original, quoted = 'legacy.retweeted_status_result.result', 'quoted_status_result.result' -%}
{%- set single = [] -%}
{%- for post in [original, original ~ '.tweet', quoted, quoted ~ '.tweet'] -%}
    {%- set author = post ~ '.core.user_results.result' -%}
    {%- for home in ['core', 'legacy'] -%}
        {%- do single.append((author ~ '.' ~ home ~ '.screen_name', author ~ '.rest_id', author ~ '.' ~ home ~ '."name"')) -%}
    {%- endfor -%}
{%- endfor -%}
{%- set listed = [] -%}
{%- for entities in [
    'legacy.entities', 'note_tweet.note_tweet_results.result.entity_set',
    original ~ '.legacy.entities', original ~ '.tweet.legacy.entities',
] -%}
    {%- do listed.append((entities ~ '.user_mentions', 'a.screen_name', known_account_id('a.id_str'), 'a."name"')) -%}
{%- endfor -%}
{{ delivered_accounts([('x_graphql_posts', single, listed)]) }}
