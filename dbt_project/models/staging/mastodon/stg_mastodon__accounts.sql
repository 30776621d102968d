{#- Mentions of Mastodon have no display name. -#}
{%- set original = fediverse_handle('reblog.account.acct', 'coalesce(reblog.account.url, reblog.uri)') -%}
{%- set single = [(original, 'lower(' ~ original ~ ')', 'reblog.account.display_name')] -%}
{%- for path in ['$.quoted_status.account', '$.account'] -%}
    {%- set quoted = fediverse_handle(json_text('quote', path ~ '.acct'), json_text('quote', path ~ '.url')) -%}
    {%- do single.append((quoted, 'lower(' ~ quoted ~ ')', json_text('quote', path ~ '.display_name'))) -%}
{%- endfor -%}
{{ delivered_accounts([('mastodon_posts', single, [])]) }}
