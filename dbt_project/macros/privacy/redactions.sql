{#- What personal data looks like in a text, as patterns for RE2, and what stands in its place. Measured on the real texts in Indonesian
    and English: docs/explanation/privacy.md. RE2 looks at nothing around a match, so the character before it is matched and put
    back; `\b` ends a number. -#}

{#- Kind, pattern and replacement, in the order in which they are taken out: an account number looks like a phone number. An e-mail
    address has no `@` before it: `@name@server` of Mastodon is a mention. An account number has a word for it near it. Of a NIK the
    province, the day of birth (of women 40 more) and the month must be possible. Of a fixed line the area code stands apart. -#}
{% macro redactions() -%}
    {%- set before = '(^|[^0-9A-Za-z/_=&%-])' -%}
    {%- set digits = '[0-9](?:[ .-]?[0-9])' -%}
    {{ return([
        ('email', '(^|[^@A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*\\.[A-Za-z]{2,}\\b', '\\1[email]'),
        ('bank_account', '(?i)\\b((?:no(?:mor|\\.)?\\s*)?rek(?:ening|\\.)?\\b[^0-9\\n]{0,30}?|account (?:no|number)[^0-9\\n]{0,12}?|\\b(?:bca|bri|bni|bsi|btn|mandiri|cimb|danamon|permata)\\b[^0-9A-Za-z\\n]{0,3}(?:no|a/?[cn]|rek)?[^0-9A-Za-z\\n]{0,3})' ~ digits ~ '{7,17}\\b', '\\1[bank account]'),
        ('bank_account', before ~ '[A-Z]{2}[0-9]{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){3,7}(?: [A-Z0-9]{1,3})?)\\b', '\\1[bank account]'),
        ('nik', before ~ '(?:1[1-9]|21|3[1-6]|5[1-3]|6[1-5]|7[1-6]|8[12]|9[1-7])[0-9]{4}(?:0[1-9]|[12][0-9]|3[01]|4[1-9]|[56][0-9]|7[01])(?:0[1-9]|1[0-2])[0-9]{6}\\b', '\\1[nik]'),
        ('passport', '(?i)\\b(passport|paspor)([^0-9A-Za-z\\n]{0,3}(?:no|nomor|number|nr)?[^0-9A-Za-z\\n]{1,3})[A-Z]{1,2}[0-9]{6,8}\\b', '\\1\\2[passport]'),
        ('passport', before ~ '[ABCEX][0-9]{7}\\b', '\\1[passport]'),
        ('phone', before ~ '(?:\\(?\\+?62\\)?|0)[ .-]?8[1-9][0-9](?:[ .-]?[0-9]){6,9}\\b', '\\1[phone]'),
        ('phone', before ~ '(?:\\(0[2-9][0-9]{1,2}\\)[ -]?|\\+62[ -]?[2-9][0-9]{1,2}[ -]?|0[2-9][0-9]{1,2}[ -])[0-9]{3,4}[ -]?[0-9]{3,4}\\b', '\\1[phone]'),
        ('phone', '(^|[^0-9A-Za-z])\\+[1-9][0-9]{0,2}[ .-]?\\(?[0-9]{1,4}\\)?(?:[ .-]?[0-9]{2,4}){2,4}\\b', '\\1[phone]'),
        ('phone', '(wa\\.me/)\\+?[0-9]{8,15}\\b', '\\1[phone]'),
    ]) }}
{%- endmacro %}


{#- Each kind once, with what stands in a text for it. -#}
{% macro redaction_marks() -%}
    {{ return([
        ('phone', '[phone]'),
        ('nik', '[nik]'),
        ('passport', '[passport]'),
        ('email', '[email]'),
        ('bank_account', '[bank account]'),
    ]) }}
{%- endmacro %}


{#- Texts without one of these are not searched: a run of figures that a number could be, or an address. -#}
{% macro may_hold_personal_data(text) -%}
    (
        {{ regex_match(text, '[0-9][0-9 ().-]{5,}[0-9]|[A-Z][0-9]{6}|@[A-Za-z0-9-]+\\.|[A-Z]{2}[0-9]{2} [A-Z0-9]{4} ') }}
    )
{%- endmacro %}


{% macro without_personal_data(text) -%}
    {%- set found = namespace(sql=text) -%}
    {%- for kind, pattern, replacement in redactions() -%}
        {%- set found.sql = regex_replace_all(found.sql, pattern, replacement) -%}
    {%- endfor -%}
    {{ return(found.sql) }}
{%- endmacro %}


{#- How often a mark stands in a text. -#}
{% macro mark_count(text, mark) -%}
    cast((length({{ text }}) - length(replace({{ text }}, '{{ mark }}', ''))) // {{ mark | length }} as integer)
{%- endmacro %}


{#- An address of a profile or of somebody's post, in three groups: what leads to the name, the name, what follows. -#}
{% macro profile_link_pattern() -%}
    {{ return('(?i)((?:^|[^A-Za-z0-9._-])(?:https?://)?(?:[a-z0-9-]+\\.)*(?:(?:twitter|x|instagram|facebook|fb)\\.com/|(?:t|m|fb|telegram)\\.me/|bsky\\.app/profile/|linkedin\\.com/in/|(?:tiktok\\.com|youtube\\.com|threads\\.net|threads\\.com)/@|https?://[a-z0-9-]+(?:\\.[a-z0-9-]+)+/(?:users/|@)))([A-Za-z0-9_.:-]*[A-Za-z0-9_])(\\S*)') }}
{%- endmacro %}


{#- Only these texts and addresses are searched for it. -#}
{% macro may_hold_a_profile_link(text) -%}
    {{ regex_match(text, '(?i)(?:twitter|x|instagram|facebook|fb|linkedin)\\.com/|\\.me/|bsky\\.app/|/@|/users/') }}
{%- endmacro %}


{#- What stands behind these addresses and is no account: pages of the platform. -#}
{% macro no_profiles() -%}
    {{ return([
        'hashtag', 'search', 'home', 'explore', 'settings', 'share', 'sharer', 'sharer.php', 'share.php', 'login', 'about', 'help',
        'tos', 'privacy', 'p', 'reel', 'reels', 'tv', 'watch', 'events', 'groups', 'messages', 'compose', 'joinchat', 'download',
    ]) }}
{%- endmacro %}


{#- A text or address with the names in its profile links replaced. A link to a post without a name (`/i/web/status/…`) could be
    anybody's: it stays only where it names the post itself. -#}
{% macro with_masked_links(text, platform, post_id, registered_names) -%}
    {%- set name = 'lower(' ~ found_group(2) ~ ')' -%}
    {%- set whole = 'concat(' ~ found_group(1) ~ ', ' ~ found_group(2) ~ ', ' ~ found_group(3) ~ ')' -%}
    {{ return(replace_found(text, profile_link_pattern(), 3, "case
        when " ~ list_holds(registered_names, name) ~ " then " ~ whole ~ "
        when " ~ name ~ " in ('" ~ no_profiles() | join("', '") ~ "') then " ~ whole ~ "
        when " ~ name ~ " in ('i', 'status', 'statuses', 'intent') then case
            when strpos(" ~ found_group(3) ~ ", " ~ post_id ~ ") > 0 then " ~ whole ~ "
            else concat(" ~ found_group(1) ~ ", '[somebody]')
        end
        else concat(" ~ found_group(1) ~ ", " ~ pseudonym(platform, found_group(2)) ~ ")
    end")) }}
{%- endmacro %}


{#- A text with the accounts that it names replaced, but for the registered ones. Behind a slash stands part of an address. -#}
{% macro with_masked_mentions(text, platform, registered_handles, registered_names) -%}
    {%- set name = found_group(2) -%}
    {%- set is_kept = "case
        when " ~ found_group(1) ~ " <> '' then " ~ list_holds(registered_names, 'lower(' ~ name ~ ')') ~ "
        else " ~ list_holds(registered_handles, 'lower(' ~ name ~ ')') ~ "
    end or " ~ regex_match(name, '^person_[0-9a-f]{10}$') -%}
    {%- set replacement = "concat(" ~ found_group(1) ~ ", '@', case when " ~ is_kept ~ " then " ~ name ~ " else " ~ pseudonym(platform, name) ~ " end)" -%}
    case {{ platform }}
        when 'x' then {{ replace_found(text, '(/?)[@＠]([A-Za-z0-9_]+)', 2, replacement) }}
        else {{ replace_found(text, '(/?)[@＠]([A-Za-z0-9_]+(?:[.-][A-Za-z0-9_-]+)*(?:@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+)?)', 2, replacement) }}
    end
{%- endmacro %}


{#- What somebody else wrote, behind `RT @name` or in quotation marks behind a name: a private person's words are not repeated. -#}
{% macro without_quoted_words(text) -%}
    {{ return(regex_replace_all(
        regex_replace_all(text, '(?is)\\b((?:RT|MT)\\W{1,3}person_[0-9a-f]{10}\\b:?).*$', '\\1 [their words]'),
        '(["“] ?@person_[0-9a-f]{10} ?:)[^"”]*', '\\1 [their words]'
    )) }}
{%- endmacro %}
