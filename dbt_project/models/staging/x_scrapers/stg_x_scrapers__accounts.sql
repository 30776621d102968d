{%- set single = [] -%}
{%- for user in ['"inReplyToUser"', '"quotedTweet"."user"', '"retweetedTweet"."user"'] -%}
    {%- do single.append((user ~ '.username', 'coalesce(' ~ user ~ '.id_str, ' ~ user ~ '.id)', user ~ '.displayname')) -%}
{%- endfor -%}
{%- set listed = [] -%}
{%- for users in ['"mentionedUsers"', '"retweetedTweet"."mentionedUsers"'] -%}
    {%- do listed.append((users, 'a.username', 'coalesce(a.id_str, a.id)', 'a.displayname')) -%}
{%- endfor -%}
{{ delivered_accounts([('x_scrapers_posts', single, listed)]) }}
