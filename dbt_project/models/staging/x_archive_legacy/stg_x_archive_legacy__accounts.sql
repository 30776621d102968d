{%- set single = [] -%}
{%- for user in ['retweeted_status."user"', 'quoted_status."user"'] -%}
    {%- do single.append((user ~ '.screen_name', user ~ '.id_str', user ~ '."name"')) -%}
{%- endfor -%}
{%- set listed = [] -%}
{%- for entities in ['entities', 'retweeted_status.entities'] -%}
    {%- do listed.append((entities ~ '.user_mentions', 'a.screen_name', known_account_id('a.id_str'), 'a."name"')) -%}
{%- endfor -%}
{{ delivered_accounts([('x_archive_legacy_posts', single, listed)]) }}
