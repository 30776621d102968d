{#- The URLs of a text, with and without `https://`, as they stand there: text and place in code points. A host must end in
    a top-level domain, so `test.tar.bz2` and a missing blank after a full stop are none; with a protocol the host may be
    written in any script. What a URL ends with is no punctuation mark. Links that the platform shortened are cut to their
    short name, and a URL inside another one (`?to=https://…`) is a part of it. -#}
{% macro urls_in(text) -%}
    case
        when {{ text }} is null then null
        when strpos({{ text }}, '.') > 0
            then {{ with_value('url_list', list_sorted(list_joined([_urls_with_protocol(text), _urls_without_protocol(text)])),
                list_keep('url_list', 'u', list_size(list_keep('url_list', 'v', 'v."start" < u."start" and u."start" < v."end"')) ~ ' = 0')
            ) }}
        else {{ empty_list(_urls_type()) }}
    end
{%- endmacro %}


{% macro _urls_type() -%} struct("start" bigint, "end" bigint, url varchar)[] {%- endmacro %}


{#- The same text with an x for every character of its URLs: nothing else moves, and no hashtag or mention is found in one.
    Only texts where `#` or `@` follows a dot in the same word can have one (7 of 1,000), so only they are searched. -#}
{% macro hide_urls(text) -%}
    case
        when {{ regex_match(text, '[.]\\S*[#@]') }}
            then {{ with_value('url_list', urls_in(text), list_as_text(list_joined([
                list_map(list_positions('url_list'), 'n', "concat(
                    substr(
                        " ~ text ~ ",
                        cast(case when n > 1 then " ~ list_item('url_list', 'n - 1') ~ ".\"end\" else 0 end + 1 as bigint),
                        cast(
                            " ~ list_item('url_list', 'n') ~ ".\"start\"
                            - case when n > 1 then " ~ list_item('url_list', 'n - 1') ~ ".\"end\" else 0 end as bigint
                        )
                    ),
                    repeat('x', " ~ list_item('url_list', 'n') ~ ".\"end\" - " ~ list_item('url_list', 'n') ~ ".\"start\")
                )"),
                list_of(["substr(" ~ text ~ ", cast(coalesce(" ~ list_item('url_list', '-1') ~ ".\"end\", 0) + 1 as bigint))"]),
            ]))) }}
        else {{ text }}
    end
{%- endmacro %}


{#- What follows the host: port, path and query. Both end in a letter, digit or one of a few signs, a path also in a bracket
    that it opened. -#}
{% macro _url_rest() -%}
    {%- set letters = 'a-z0-9\\p{Cyrillic}' ~ latin_characters() -%}
    {%- set inside = '[' ~ letters ~ "!*\\x27;:=+,.$/%#\\[\\]\\x{2013}_~&|@-]" -%}
    {%- set bracket = '\\((?:' ~ inside ~ '|\\(' ~ inside ~ '+\\))+\\)' -%}
    {{ return(
        '^(?::[0-9]+)?'
        ~ '(?:/(?:(?:' ~ inside ~ '|' ~ bracket ~ ')*(?:[' ~ letters ~ '=_#/+-]|' ~ bracket ~ '))?)?'
        ~ _url_query()
    ) }}
{%- endmacro %}


{% macro _url_query() -%}
    {{ return("(?:\\?[a-z0-9!?*\\x27@();:&=+$/%#\\[\\]_.,~|-]*[a-z0-9_&=#/-])?") }}
{%- endmacro %}


{#- The end of a host, and the one character behind it, which must not let the name run on. -#}
{% macro _url_host_end() -%}
    {{ return('(?:xn--[a-z0-9-]+|' ~ top_level_domains() | join('|') ~ ')[^a-z0-9@+-]') }}
{%- endmacro %}


{#- URLs that begin with a protocol: `://`, before it `http` or `https` which no letter, digit or sign of another entity
    touches, behind it a host in any script. `_` stands only inside a subdomain, and no label is longer than 63 characters. -#}
{% macro _urls_with_protocol(text) -%}
    {%- set letter = '[^\\p{P}\\p{Z}\\p{C}$+<=>^\\x60|~]' -%}
    {%- set subdomain = letter ~ '(?:(?:' ~ letter ~ '|[_-])*' ~ letter ~ ')?[.]' -%}
    {%- set domain = letter ~ '(?:(?:' ~ letter ~ '|-)*' ~ letter ~ ')?[.]' -%}
    {%- set places = with_value('text_parts', split_list(text, '://'), starts_between_parts('text_parts', "'://'")) -%}
    {%- set before = 'right(left(' ~ text ~ ', cast(url_place as bigint)), 6)' -%}
    {%- set seen = list_map(places, 'url_place', struct_of([
        ('protocol', regex_find(before, '(?i)(?:^|[^a-z0-9@＠$#＃])https?$')),
        ('url_place', 'url_place'),
        ('rest', 'substr(' ~ text ~ ', cast(url_place + 4 as bigint))'),
    ])) -%}
    {{ _urls_at_hosts(list_map(list_keep(seen, 'u', "u.protocol <> ''"), 'u', struct_of([
        ('start', "u.url_place - case when lower(right(u.protocol, 1)) = 's' then 5 else 4 end"),
        ('protocol', "case when lower(right(u.protocol, 1)) = 's' then right(u.protocol, 5) else right(u.protocol, 4) end"),
        ('host', regex_find("concat(u.rest, ' ')", '(?i)^(?:' ~ subdomain ~ ')*' ~ domain ~ _url_host_end())),
        ('rest', 'u.rest'),
    ]))) }}
{%- endmacro %}


{#- URLs without a protocol. Their hosts are Latin, and begin where none of the characters stands that could be a part of
    them or of an address: so the text is split into runs of such characters, and each run is looked at from its start. Most
    texts have none, which one search without groups tells. -#}
{% macro _urls_without_protocol(text) -%}
    {%- set letter = '[a-z0-9' ~ latin_characters() ~ ']' -%}
    {%- set host = '(?:' ~ letter ~ '(?:(?:' ~ letter ~ '|-)*' ~ letter ~ ')?[.])+' ~ _url_host_end() -%}
    {%- set not_run = '[^' ~ 'a-z0-9' ~ latin_characters() ~ '@＠$#＃_./+-]' -%}
    case
        when {{ regex_match("concat(' ', " ~ text ~ ", ' ')", '(?i)' ~ not_run ~ host) }}
            then {{ _urls_at_hosts(list_map(
                with_value('text_runs', regex_split(text, '(?i)' ~ not_run), list_joined([
                    list_of(['cast(0 as bigint)']),
                    list_map(starts_between_parts('text_runs', "' '"), 'url_place', 'url_place + 1'),
                ])),
                'url_place',
                struct_of([
                    ('start', 'url_place'),
                    ('protocol', "''"),
                    ('host', regex_find(
                        "concat(substr(" ~ text ~ ", cast(url_place + 1 as bigint)), ' ')", '(?i)^' ~ host
                    )),
                    ('rest', 'substr(' ~ text ~ ', cast(url_place + 1 as bigint))'),
                ])
            )) }}
        else {{ empty_list(_urls_type()) }}
    end
{%- endmacro %}


{#- From `start`, `protocol`, `host` (with the one character behind it) and `rest` (the text from the host on) to URLs: hosts
    that no name server could know go out, port, path and query are added. The platform's short links end after their short
    name of at most 40 characters, whatever is typed behind it. -#}
{% macro _urls_at_hosts(hosts) -%}
    {%- set host = 'left(u.host, length(u.host) - 1)' -%}
    {%- set whole = list_map(
        list_keep(hosts, 'u', "
            u.host <> ''
            and not " ~ regex_match('u.host', '[^.]{64}') ~ "
            and not " ~ regex_match('u.host', '(?i)xn--[^.]*[^\\x{0}-\\x{7f}].*.') ~ "
        "),
        'u',
        struct_of([
            ('start', 'u."start"'),
            ('url', "
                case
                    when u.protocol <> '' and " ~ regex_match('u.rest', '(?i)^t[.]co/[a-z0-9]') ~ "
                        then concat(u.protocol, '://', " ~ regex_find('u.rest', '(?i)^t[.]co/[a-z0-9]+' ~ _url_query()) ~ ")
                    else concat(
                        case when u.protocol <> '' then concat(u.protocol, '://') else '' end,
                        " ~ host ~ ",
                        " ~ regex_find('substr(u.rest, length(u.host))', '(?i)' ~ _url_rest()) ~ "
                    )
                end
            "),
        ])
    ) -%}
    {{ list_map(
        list_keep(whole, 'u', 'not ' ~ regex_match('u.url', '(?i)^https?://t[.]co/[a-z0-9]{41}')),
        'u',
        struct_of([
            ('start', 'cast(u."start" as bigint)'),
            ('end', 'cast(u."start" + length(u.url) as bigint)'),
            ('url', 'u.url'),
        ])
    ) }}
{%- endmacro %}
