{#- What personal data looks like in a text, as patterns for RE2, and what stands in its place. Measured on the real texts in Indonesian
    and English: docs/explanation/privacy.md. RE2 looks at nothing around a match, so the character before it is matched and put
    back; `\b` ends a number. -#}

{#- What people write between two figures of a number: blanks, points and dashes of every kind, characters that nobody sees, the
    frames of emoji figures. Not a line break: on the next line another number begins. -#}
{% macro between_figures() -%}
    {{ return(' .\\x{a0}\\x{ad}\\x{2000}-\\x{2015}\\x{202a}-\\x{202f}\\x{205f}-\\x{2064}\\x{20e3}\\x{2212}\\x{3000}\\x{fe0f}\\x{feff}-') }}
{%- endmacro %}


{#- Figures that nobody writes here but to be read by people only: full width, in another font, of Arabic and Persian. -#}
{% macro other_figures() -%}
    {{ return('０-９𝟎-𝟿٠-٩۰-۹') }}
{%- endmacro %}


{#- Kind, pattern and replacement, in the order in which they are taken out: an account number looks like a phone number. An e-mail
    address has no `@` before it: `@name@server` of Mastodon is a mention. An account number has a word for it near it; it is no sum
    (`10.000.000`), no day with its hour, no hotline (`021-500-454`) and no mobile number, and does not begin with a year. Of a NIK
    the day of birth (of women 40 more) and the month must be possible; apart stand region, birth and number, or fours
    (`31.10.2021 - 12.11.2021` is none). Of a fixed line the area code is that of a large city or stands apart, and is no hour
    (`0900`, `0730`); numbers of America that cost nothing stay. Before a mobile number may stand anything but a figure; a pseudonym
    (`person_` and ten figures or letters from a to f) is none. -#}
{% macro redactions() -%}
    {%- set before = '(^|[^0-9A-Za-z/_=&%-])' -%}
    {%- set before_mobile = '(^|[^0-9a-f_-]|[^0-9a-f_][a-f]|[^0-9]-|[^n]_|[^o]n_|[^s]on_)' -%}
    {%- set between = '[' ~ between_figures() ~ ']{0,3}' -%}
    {%- set between_mobile = '[_' ~ between_figures() ~ ']{0,3}' -%}
    {%- set unseen = '[\\x{ad}\\x{200b}-\\x{200f}\\x{2060}-\\x{2064}\\x{20e3}\\x{fe0f}\\x{feff}]{0,2}' -%}
    {%- set mail_host = '[\\p{L}0-9-]+(?:\\.[\\p{L}0-9-]+)*\\.\\p{L}{2,}[0-9A-Za-z_]*' -%}
    {%- set mail_provider = '(?:gmail|ymail|yahoo|hotmail|outlook|live|icloud|aol|protonmail|proton|rocketmail)\\.[a-z]{2,3}(?:\\.[a-z]{2})?\\b' -%}
    {%- set open, dot, shut = ' ?[(\\[{<] ?', '(?: ?[(\\[{<] ?(?:dot|titik) ?[)\\]}>] ?|\\.)', ' ?[)\\]}>] ?' -%}
    {%- set account = '(?:(?:0[0-79]|[1-9][0-9])[0-9]{7,16}|(?:00|1[0-8]|2[1-9]|[3-9][0-9])[0-9](?:[ -]?[0-9]){6,15}|[0-9]{3}\\.[0-9]{3}\\.[0-9]{4})\\b' -%}
    {%- set near = '(?:[^0-9/]|a/[cn])' -%}
    {%- set bank = '(?:bca|bri|bni|bsi|btn|bjb|btpn|mandiri|cimb|danamon|permata|muamalat|maybank|ocbc|panin|jenius|seabank|bank jago)' -%}
    {%- set region, day, month = '[1-9][0-9]', '(?:0[1-9]|[12][0-9]|3[01]|4[1-9]|[56][0-9]|7[01])', '(?:0[1-9]|1[0-2])' -%}
    {%- set gap = '[' ~ between_figures() ~ ']{0,2}' -%}
    {%- set nik = '(?:' ~ [region, '[0-9]{2}', '[0-9]{2}', day ~ month ~ '[0-9]{2}', '[0-9]{4}'] | join(gap)
        ~ '|' ~ [region ~ '[0-9]{2}', '[0-9]{2}' ~ day, month ~ '[0-9]{2}', '[0-9]{4}'] | join(gap) ~ ')' -%}
    {%- set area = '0(?:[2-7](?:[124-9][0-9]|3[1-9]|0[1-9]?)|9(?:0[1-9]|[125-8][0-9]))' -%}
    {%- set area_of_america = '(?:[2-79][0-9]{2}|8(?:0[1-9]|1[0-9]|2[013-9]|3[0-24-9]|4[0-35-9]|5[0-46-9]|6[0-57-9]|7[0-689]))' -%}
    {{ return([
        ('email', '(^|[^@A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+(?:[@＠]|%40)' ~ mail_host, '\\1[email]'),
        ('email', '(?i)(^|[^A-Za-z0-9._%+-])@?[A-Za-z0-9._%+-]+ ?[@＠] ?' ~ mail_provider, '\\1[email]'),
        ('email', '(?i)(^|[^A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+' ~ open ~ 'at' ~ shut ~ '[A-Za-z0-9-]+(?:' ~ dot ~ '[A-Za-z0-9-]+)+', '\\1[email]'),
        ('email', '(?i)(^|[^A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+ (?:at|@) [A-Za-z0-9-]+(?: (?:dot|titik) [A-Za-z]{2,})+\\b', '\\1[email]'),
        ('tax_number', before ~ '[0-9]{2}\\.[0-9]{3}\\.[0-9]{3}\\.[0-9][.-][0-9]{3}\\.[0-9]{3}\\b', '\\1[tax number]'),
        ('tax_number', '(?i)(npwp[^0-9\\n]{0,12}?)[0-9]{15,16}\\b', '\\1[tax number]'),
        ('bank_account', '(?i)\\b((?:rek(?:ening|\\.)?|' ~ bank ~ ')\\b' ~ near ~ '{0,40}?)' ~ account, '\\1[bank account]'),
        ('bank_account', '(?i)\\b((?:acct|(?:account|acct?|a/c)\\.? ?(?:no|number|nr|#))' ~ near ~ '{0,12}?)' ~ account, '\\1[bank account]'),
        ('bank_account', '(?i)\\b((?:va|virtual account)\\b[^0-9A-Za-z\\n]{0,4})[0-9]{12,18}\\b', '\\1[bank account]'),
        ('bank_account', '(\\[bank account\\][^0-9/]{1,12}?)' ~ account, '\\1[bank account]'),
        ('bank_account', before ~ '[A-Z]{2}[0-9]{2}(?:[A-Z0-9]{11,30}|(?:[ -][A-Z0-9]{4}){3,7}(?:[ -][A-Z0-9]{1,3})?|(?:[ -][0-9]{4}){2}[ -][0-9]{3})\\b', '\\1[bank account]'),
        ('nik', before ~ nik ~ '\\b', '\\1[nik]'),
        ('nik', '(?i)((?:nik|ktp)[^0-9\\n]{0,12}?)[1-9](?:' ~ between ~ '[0-9]){15}\\b', '\\1[nik]'),
        ('bank_account', before ~ '[3-6][0-9]{3}(?:[ -][0-9]{4}){3}\\b', '\\1[bank account]'),
        ('passport', '(?i)\\b((?:passport|paspor)\\b[^0-9\\n]{0,12}?)\\b(?:(?-i:[A-Z]{1,2}|[abcex])[ -]?[0-9]{6,9}|[0-9]{9})\\b', '\\1[passport]'),
        ('passport', before ~ '[ABCEX][0-9]{7}\\b', '\\1[passport]'),
        ('phone', before_mobile ~ '(?:\\(?(?:\\+|00)62\\)?' ~ between ~ '(?:\\(0\\)|0)?' ~ between ~ '|\\(?62\\)?[ -]?|0[ -]?' ~ unseen ~ ')8' ~ unseen ~ '[1-9]' ~ unseen ~ '[0-9](?:' ~ between_mobile ~ '[0-9]){6,10}(\\b|_)', '\\1[phone]\\2'),
        ('phone', before_mobile ~ '08[1-9][0-9]/[0-9]{3,4}/[0-9]{3,5}\\b', '\\1[phone]'),
        ('phone', before ~ '(?:\\(0[1-9][0-9]{1,3}\\)' ~ between ~ '|\\+62' ~ between ~ '[2-9][0-9]{1,2}' ~ between ~ ')[0-9]{3,4}' ~ between ~ '[0-9]{3,4}\\b', '\\1[phone]'),
        ('phone', before ~ '(?:0(?:2[124]|31|61)[ ./-]?[2-9][0-9]{2,3}[ .-]?[0-9]{4}|' ~ area ~ '[ /-][2-9][0-9]{2,3}[ -]?[0-9]{3,4}|01[0-9][ -][0-9]{3,4}[ -]?[0-9]{4}|07[0-9]{3} [0-9]{3} ?[0-9]{3})\\b', '\\1[phone]'),
        ('phone', before ~ '(?:\\(' ~ area_of_america ~ '\\)[ -]?|' ~ area_of_america ~ '[.-])[2-9][0-9]{2}[ .-][0-9]{4}\\b', '\\1[phone]'),
        ('phone', '(^|[^0-9A-Za-z])(?:\\+[1-9][0-9]{0,2}|00[1-9][0-9]{1,2})' ~ between ~ '\\(?[0-9]{1,4}\\)?(?:' ~ between ~ '[0-9]{2,4}){2,4}\\b', '\\1[phone]'),
        ('phone', '[' ~ other_figures() ~ '](?:' ~ between ~ '[' ~ other_figures() ~ ']){8,}', '[phone]'),
        ('phone', '(?i)(wa\\.me/|phone=)\\+?[0-9]{8,15}\\b', '\\1[phone]'),
    ]) }}
{%- endmacro %}


{#- Each kind once, with what stands in a text for it. -#}
{% macro redaction_marks() -%}
    {{ return([
        ('phone', '[phone]'),
        ('nik', '[nik]'),
        ('passport', '[passport]'),
        ('email', '[email]'),
        ('tax_number', '[tax number]'),
        ('bank_account', '[bank account]'),
    ]) }}
{%- endmacro %}


{#- Texts without one of these are not searched: a run of figures that a number could be, or an address. -#}
{% macro may_hold_personal_data(text) -%}
    (
        {{ regex_match(text, '[0-9' ~ other_figures() ~ '][0-9' ~ other_figures() ~ '()/_' ~ between_figures() ~ ']{5,}[0-9' ~ other_figures() ~ ']|[A-Z][0-9]{6}|(?:[@＠] ?|%40)[\\p{L}0-9-]+\\.|[A-Z]{2}[0-9]{2}[ -][A-Z0-9]{4}[ -]|(?i:[(\\[{<] ?at ?[)\\]}>]| (?:at|@) [a-z0-9-]+ (?:dot|titik) )') }}
    )
{%- endmacro %}


{% macro without_personal_data(text) -%}
    {%- set found = namespace(sql=text) -%}
    {%- for kind, pattern, replacement in redactions() -%}
        {%- set found.sql = regex_replace_all(found.sql, pattern, replacement) -%}
    {%- endfor -%}
    {{ return(found.sql) }}
{%- endmacro %}


{#- The same, of short texts: few are searched. Not inside a list without a look at the whole list first: there every pattern is
    compiled again for every few rows. -#}
{% macro without_personal_data_if_any(text) -%}
    case when {{ may_hold_personal_data(text) }} then {{ without_personal_data(text) }} else {{ text }} end
{%- endmacro %}


{% macro hashtags_without_personal_data(hashtags) -%}
    case
        when {{ may_hold_personal_data(list_as_text(list_map(hashtags, 'h', "concat(' ', h.tag)"))) }} then {{ list_map(hashtags, 'h', struct_of([
            ('tag', without_personal_data_if_any('h.tag')), ('start', 'h."start"'), ('end', 'h."end"'),
        ])) }}
        else {{ hashtags }}
    end
{%- endmacro %}


{#- How often a mark stands in a text. -#}
{% macro mark_count(text, mark) -%}
    cast((length({{ text }}) - length(replace({{ text }}, '{{ mark }}', ''))) // {{ mark | length }} as integer)
{%- endmacro %}


{#- An address of a profile or of somebody's post, in four groups: what leads to the name, the name; or what stands before a name of
    Bluesky that needs no address, and the name. The slashes may be written `%2F`, inside another address. -#}
{% macro profile_link_pattern() -%}
    {%- set slash = '(?:/|%2F)' -%}
    {%- set pages = [
        '(?:(?:fx|vx|fixup)?twitter|x|fixupx|instagram|facebook|fb)\\.com(?::[0-9]+)?' ~ slash ~ '+(?:(?:\\?[^\\s#]*)?#!/|@)?',
        '(?:t|m|fb|telegram)\\.me/(?:s/)?',
        'fb\\.watch/',
        'instagr\\.am/',
        'v[mt]\\.tiktok\\.com/',
        'nitter\\.[a-z.]+/',
        'bsky\\.app' ~ slash ~ 'profile' ~ slash,
        'linkedin\\.com' ~ slash ~ '(?:in|pub|posts|feed' ~ slash ~ 'update)' ~ slash,
        'youtube\\.com' ~ slash ~ '(?:@|(?:channel|user|c)' ~ slash ~ ')',
        '(?:tiktok\\.com|threads\\.net|threads\\.com)' ~ slash ~ '@',
        'threads\\.(?:net|com)/t/',
        'at://',
        'https?://[a-z0-9-]+(?:\\.[a-z0-9-]+)+/(?:users?/|profile/|web/statuses/|@)',
    ] -%}
    {%- set names_of_bluesky = '[A-Za-z0-9-]+\\.bsky\\.social|did:(?:plc|web):[A-Za-z0-9.:-]*[A-Za-z0-9]' -%}
    {{ return(
        '(?i)((?:^|[^A-Za-z0-9._-]|%2F)(?:https?://)?(?:[a-z0-9-]+\\.)*(?:' ~ pages | join('|') ~ '))([A-Za-z0-9_.:-]*[A-Za-z0-9_])'
        ~ '|((?:^|[^A-Za-z0-9._@-]))(' ~ names_of_bluesky ~ ')\\b'
    ) }}
{%- endmacro %}


{#- Only these texts and addresses are searched for it. -#}
{% macro may_hold_a_profile_link(text) -%}
    {{ regex_match(text, '(?i)(?:twitter|x|instagram|facebook|fb|linkedin|youtube|tiktok)\\.com(?:[:/]|%2F)|\\.me/|nitter\\.|fb\\.watch/|instagr\\.am/|threads\\.(?:net|com)/t/|bsky\\.(?:app(?:/|%2F)|social)|at://|did:(?:plc|web):|/@|/users?/|/profile/|/web/statuses/') }}
{%- endmacro %}


{#- What stands behind these addresses and is no account: pages of the platform. -#}
{% macro no_profiles() -%}
    {{ return([
        'hashtag', 'home', 'explore', 'settings', 'sharer', 'sharer.php', 'share.php', 'about', 'help', 'tos', 'privacy', 'events',
        'compose', 'joinchat', 'download',
    ]) }}
{%- endmacro %}


{#- What stands behind them in the place of a name, before a post, a member of a group, a question for somebody's posts or an account
    to write to. -#}
{% macro unnamed_posts() -%}
    {{ return([
        'i', 'status', 'statuses', 'intent', 'p', 'reel', 'reels', 'tv', 'watch', 'groups', 'share', 'login', 'messages',
    ]) }}
{%- endmacro %}


{#- A text or address with the names in its profile links replaced. A link to a post without a name (`/i/web/status/…`) could be
    anybody's: it stays only where it names the post itself; a search stays where it is for no account. What follows a name that is
    replaced goes up to the next blank or link, since it may find the post; behind one that stays the next link is looked at, too. -#}
{% macro with_masked_links(text, platform, post_id, registered_names) -%}
    {%- set found_name = 'concat(' ~ found_group(2) ~ ', ' ~ found_group(4) ~ ')' -%}
    {%- set name = 'lower(' ~ found_name ~ ')' -%}
    {%- set lead = 'concat(' ~ found_group(1) ~ ', ' ~ found_group(3) ~ ')' -%}
    {%- set rest = found_group(5) -%}
    {%- set address = "concat(" ~ found_name ~ ", " ~ regex_replace_all(rest, '(?s)\\s.*$', '') ~ ")" -%}
    {%- set whole = 'concat(' ~ lead ~ ', ' ~ found_name ~ ', ' ~ rest ~ ')' -%}
    {%- set rest_of_text = 'case when ' ~ found_group(4) ~ " = '' then " ~ regex_replace_all(rest, '^\\S+', '') ~ ' else '
        ~ regex_replace_all(rest, '^/\\S+', '') ~ ' end' -%}
    {{ return(replace_found(text, profile_link_pattern(), 4, "case
        when " ~ list_holds(registered_names, name) ~ " then " ~ whole ~ "
        when " ~ name ~ " in ('" ~ no_profiles() | join("', '") ~ "') then " ~ whole ~ "
        when " ~ name ~ " = 'search' and not " ~ regex_match(address, '(?i)(?:from|to)(?::|%3a)|@|%40') ~ " then " ~ whole ~ "
        when " ~ name ~ " in ('search', '" ~ unnamed_posts() | join("', '") ~ "')
            or " ~ regex_match(found_group(1), '(?i)/web/statuses/|fb\\.watch/|v[mt]\\.tiktok\\.com/|/t/|update(?:/|%2F)$') ~ " then case
            when strpos(" ~ address ~ ", " ~ post_id ~ ") > 0 then " ~ whole ~ "
            else concat(" ~ lead ~ ", '[somebody]', " ~ rest_of_text ~ ")
        end
        else concat(" ~ lead ~ ", " ~ pseudonym(platform, found_name) ~ ", " ~ rest_of_text ~ ")
    end", with_rest=true)) }}
{%- endmacro %}


{#- What stands before a name: also as an address or a page writes it. -#}
{% macro at_sign() -%}
    {{ return('(?:[@＠]|%40|&#0*64;|&#[xX]0*40;|&commat;)') }}
{%- endmacro %}


{% macro may_hold_a_name(text) -%}
    {{ regex_match(text, at_sign()) }}
{%- endmacro %}


{#- A text with the accounts that it names replaced, but for the registered ones. Behind a slash stands part of an address, and
    between the sign and the name, or in it, may stand a character that nobody sees; `/@32.78,-96.80` is a place on a map. Names of X
    have no point in them, those of Instagram may: what stands behind one in small letters goes with the name. -#}
{% macro with_masked_mentions(text, platform, registered_handles, registered_names) -%}
    {%- set at = at_sign() ~ '[\\x{ad}\\x{200b}-\\x{200f}\\x{2060}\\x{feff}]?' -%}
    {%- set name_of_x = '[A-Za-z0-9_]+(?:[\\x{ad}\\x{200b}-\\x{200d}\\x{2060}\\x{feff}][A-Za-z0-9_]+)*' -%}
    {%- set name = found_group(2) -%}
    {%- set whole_name = 'concat(' ~ name ~ ', ' ~ found_group(3) ~ ')' -%}
    {%- set is_kept = "case
        when " ~ found_group(1) ~ " <> '' then " ~ list_holds(registered_names, 'lower(' ~ name ~ ')') ~ " or " ~ regex_match(whole_name, '^[0-9]{1,3}[.][0-9]') ~ "
        else " ~ list_holds(registered_handles, 'lower(' ~ name ~ ')') ~ "
    end or " ~ regex_match(name, '^person_[0-9a-f]{10}$') -%}
    {%- set replacement = "concat(" ~ found_group(1) ~ ", '@', case when " ~ is_kept ~ " then " ~ whole_name ~ " 
        when starts_with(" ~ found_group(3) ~ ", '.http') then concat(" ~ pseudonym(platform, name) ~ ", " ~ found_group(3) ~ ")
        else " ~ pseudonym(platform, whole_name) ~ "
    end)" -%}
    case {{ platform }}
        when 'x' then {{ replace_found(text, '(/?)' ~ at ~ '(' ~ name_of_x ~ ')((?:[.][a-z0-9_]+)*)', 3, replacement) }}
        else {{ replace_found(text, '(/?)' ~ at ~ '([A-Za-z0-9_]+(?:[.-][A-Za-z0-9_-]+)*(?:@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+)?)()', 3, replacement) }}
    end
{%- endmacro %}


{#- What somebody else wrote, behind `RT @name`, in quotation marks behind a name or before it (`“…” via @name`): a private
    person's words are not repeated. `repost @name` without a colon is a request, but for the first words of a text. -#}
{% macro without_quoted_words(text) -%}
    {%- set person, again = 'person_[0-9a-f]{10}', '(?:retweet|repost|regram)(?:ed)?(?: (?:from|by|dari))?' -%}
    {%- set found = namespace(sql=text) -%}
    {%- for pattern, replacement in [
        ('(?is)(\\b(?:RT|MT|QT|QRT)\\W{1,5}' ~ person ~ '\\b:?|^\\W*' ~ again ~ '\\W{1,5}' ~ person ~ '\\b:?|\\b' ~ again ~ '\\W{1,5}' ~ person ~ ' ?:).*$', '\\1 [their words]'),
        ('(@' ~ person ~ ' ?: ?["“„«‘])[^"”»]*', '\\1[their words]'),
        ('((?:["“”„\\x27‘«‹>]|&gt;) ?@' ~ person ~ ' ?:)\\s*[^\\s"“”„«»›‘][^"”»›]*', '\\1 [their words]'),
        ('(["“„«])[^"“”„«»]*(["”“»]\\W{0,3}(?:(?:via|kata)\\W{1,2}|[-–—~]\\W{0,2})@' ~ person ~ ')', '\\1[their words]\\2'),
    ] -%}
        {%- set found.sql = regex_replace_all(found.sql, pattern, replacement) -%}
    {%- endfor -%}
    {{ return(found.sql) }}
{%- endmacro %}


{#- An address without names and personal data: the number in `wa.me/…` and the name in `?ref=@…` as well as the profile. Each is
    looked for only where it can be: few addresses hold more than a profile. -#}
{% macro masked_address(address, platform, post_id, registered_handles, registered_names) -%}
    {%- set without_numbers = without_personal_data_if_any(address) -%}
    {%- set without_links = with_masked_links('(' ~ without_numbers ~ ')', platform, post_id, registered_names) -%}
    case
        when {{ may_hold_a_name(address) }} then {{ with_masked_mentions(without_links, platform, registered_handles, registered_names) }}
        when {{ may_hold_a_profile_link(address) }} then {{ without_links }}
        else {{ without_numbers }}
    end
{%- endmacro %}


{#- What stands for an address in a list of those that were masked; the address where it is none of them. -#}
{% macro masked_in(addresses, address) -%}
    coalesce({{ list_item(list_keep(addresses, 'a', 'a.address = ' ~ address), 1) }}.masked_address, {{ address }})
{%- endmacro %}


{#- Only these addresses are searched for it. -#}
{% macro may_lead_to_a_person(address) -%}
    ({{ may_hold_a_profile_link(address) }} or {{ may_hold_a_name(address) }} or {{ may_hold_personal_data(address) }})
{%- endmacro %}
