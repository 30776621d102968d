{#- A handle with its server: `name@server`. The API leaves the server out where it is its own; the address of the account
    tells it. -#}
{% macro fediverse_handle(acct, url) -%}
    case
        when strpos({{ acct }}, '@') > 0 then {{ acct }}
        when {{ acct }} is not null and {{ host_of(url) }} is not null then concat({{ acct }}, '@', {{ host_of(url) }})
    end
{%- endmacro %}


{% macro host_of(url) -%}
    {{ regex_group(url, '^https?://([^/]+)', 1) }}
{%- endmacro %}


{#- The handle in the address of a post or an account, where the server puts it there:
    `https://server/users/name/statuses/1`, `https://server/@name/1`. -#}
{% macro handle_in_uri(uri) -%}
    case
        when {{ regex_match(uri, '^https?://[^/]+/(?:users/|@)[^/?#@]+(?:/|$)') }}
            then concat(
                {{ regex_group(uri, '^https?://[^/]+/(?:users/|@)([^/?#@]+)', 1) }}, '@', {{ host_of(uri) }}
            )
    end
{%- endmacro %}


{#- The handle behind a link of the text: its words give the name, and perhaps the server, its address the server. -#}
{% macro handle_of_link(words, href) -%}
    case
        when {{ regex_match(words, '^[@!]?[^@ ]+@[^@ ]+$') }} then {{ regex_group(words, '^[@!]?([^@ ]+@[^@ ]+)$', 1) }}
        when {{ regex_match(words, '^[@!]?[^@ ]+$') }} and {{ host_of(href) }} is not null
            then concat({{ regex_group(words, '^[@!]?([^@ ]+)$', 1) }}, '@', {{ host_of(href) }})
    end
{%- endmacro %}


{#- Hashtags: those that the text links, in the spelling of the author, then those that stand beside it only. A server
    lists tags in lower case and without accents. -#}
{% macro fediverse_hashtags(links, names) -%}
    cast({{ list_joined([
        list_map(list_keep(links, 'a', "a.kind = 'hashtag'"), 'a', struct_of([
            ('tag', "ltrim(a.text, '#＃')"), ('start', 'a."start"'), ('end', 'a."end"'),
        ])),
        list_map(list_keep(names, 't', "t <> '' and not " ~ list_holds(
            list_map(list_keep(links, 'a', "a.kind = 'hashtag'"), 'a', without_accents("lower(ltrim(a.text, '#＃'))")),
            without_accents('lower(t)')
        )), 't', struct_of([
            ('tag', 't'), ('start', 'cast(null as bigint)'), ('end', 'cast(null as bigint)'),
        ])),
    ]) }} as {{ hashtags_type() }})
{%- endmacro %}


{#- Mentions: those that the text links, then those that the server lists beside it. `known` are the listed accounts:
    handle, address (`url`) and `name@server of the address`. -#}
{% macro fediverse_mentions(links, known) -%}
    {%- set link_handle = handle_of_link('a.text', 'a.href') -%}
    {%- set handle = 'coalesce(' ~ list_item(list_map(list_keep(
        known, 'k', 'k.url = a.href or lower(k.name_at_host) = lower(' ~ link_handle ~ ')'
    ), 'k', 'k.handle'), 1) ~ ', ' ~ link_handle ~ ')' -%}
    {%- set linked = list_map(list_keep(links, 'a', "a.kind = 'mention'"), 'a', struct_of([
        ('handle', handle), ('account_id', 'lower(' ~ handle ~ ')'), ('start', 'a."start"'), ('end', 'a."end"'),
    ])) -%}
    cast({{ list_joined([
        linked,
        list_map(list_keep(known, 'n', 'n.handle is not null and not ' ~ list_holds(
            list_map(linked, 'm', 'm.account_id'), 'lower(n.handle)'
        )), 'n', struct_of([
            ('handle', 'n.handle'), ('account_id', 'lower(n.handle)'),
            ('start', 'cast(null as bigint)'), ('end', 'cast(null as bigint)'),
        ])),
    ]) }} as {{ mentions_type() }})
{%- endmacro %}


{% macro fediverse_links(links) -%}
    cast({{ list_map(list_keep(links, 'a', "a.kind = 'link'"), 'a', struct_of([
        ('url', 'a.href'), ('expanded_url', 'a.href'),
    ])) }} as {{ links_type() }})
{%- endmacro %}


{#- The text of a post's HTML that is paragraphs and line ends without a link, as most servers write it. Other HTML is read by
    the loader, into raw.mastodon_texts. Entities are undone once, `&` last. -#}
{% macro post_text_without_links(html) -%}
    {%- set state = namespace(
        sql="replace(substr(" ~ html ~ ", 4, length(" ~ html ~ ") - 7), '</p><p>', '\n\n')"
    ) -%}
    {%- set state.sql = regex_replace_all(state.sql, '<br ?/?>', '\n') -%}
    {%- for entity, character in [('lt', '<'), ('gt', '>'), ('quot', '"'), ('#39', "''"), ('amp', '&')] -%}
        {%- set state.sql = "replace(" ~ state.sql ~ ", '&" ~ entity ~ ";', '" ~ character ~ "')" -%}
    {%- endfor -%}
    {{ return(state.sql) }}
{%- endmacro %}
