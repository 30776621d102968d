{#- Mentions of Bluesky have no display name; authors of reposted, answered and quoted posts have. -#}
{%- set single = [] -%}
{%- for author in ['author', 'reply.parent.author'] -%}
    {%- do single.append((bluesky_handle(author ~ '.handle'), author ~ '.did', author ~ '."displayName"')) -%}
{%- endfor -%}
{%- for path in ['$.record.author', '$.record.record.author'] -%}
    {%- do single.append((
        bluesky_handle(json_text('embed', path ~ '.handle')),
        json_text('embed', path ~ '.did'),
        json_text('embed', path ~ '.displayName'),
    )) -%}
{%- endfor -%}
{{ delivered_accounts([('bluesky_posts', single, [])]) }}
