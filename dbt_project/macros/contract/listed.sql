{#- What a source lists by itself as hashtags, mentions and links, from a list of texts. It gives no positions. An empty
    list says that there are none; no list says so only where the text has no sign of any, and otherwise the text is asked. -#}
{% macro listed_tags(tags, text) -%}
    coalesce(
        {{ list_map(tags, 't', struct_of([
            ('tag', "ltrim(t, '#＃')"), ('start', 'cast(null as bigint)'), ('end', 'cast(null as bigint)'),
        ])) }},
        case when strpos({{ text }}, '#') = 0 and strpos({{ text }}, '＃') = 0 then [] end
    )
{%- endmacro %}


{#- `account_ids` is a list beside that of the handles; it counts where it is as long. -#}
{% macro listed_handles(handles, text, account_ids='cast(null as varchar[])') -%}
    coalesce(
        {{ list_map(list_positions(handles), 'i', struct_of([
            ('handle', "ltrim(" ~ list_item(handles, 'i') ~ ", '@＠')"),
            ('account_id', 'case when ' ~ list_size(account_ids) ~ ' = ' ~ list_size(handles)
                ~ ' then ' ~ list_item(account_ids, 'i') ~ ' end'),
            ('start', 'cast(null as bigint)'), ('end', 'cast(null as bigint)'),
        ])) }},
        case when strpos({{ text }}, '@') = 0 and strpos({{ text }}, '＠') = 0 then [] end
    )
{%- endmacro %}


{#- Addresses of a picture's own page (`pic.twitter.com/…`) are no links. -#}
{% macro listed_links(addresses, text) -%}
    coalesce(
        {{ list_map(list_keep(addresses, 'a', "starts_with(a, 'http')"), 'a', struct_of([
            ('url', 'cast(null as varchar)'), ('expanded_url', 'a'),
        ])) }},
        case when strpos({{ text }}, 'http') = 0 then [] end
    )
{%- endmacro %}


{#- The parts of a cell between separators, trimmed, empty ones left out. -#}
{% macro split_cell(cell, separator) -%}
    {{ list_keep(list_map(split_list(cell, separator), 'p', 'trim(p)'), 'p', "p <> ''") }}
{%- endmacro %}


{#- The parts of a cell that holds a list as Python prints it: `['a', "b's"]`. -#}
{% macro python_texts(cell) -%}
    {{ list_map(regex_find_all(cell, "''[^'']*''|\"[^\"]*\""), 'p', 'substr(p, 2, length(p) - 2)') }}
{%- endmacro %}


{#- X began to count views for everybody on 2022-12-15: a zero before it is a count that was never made. -#}
{% macro counted_views(views, posted_at) -%}
    case when {{ views }} > 0 or {{ posted_at }} >= timestamptz '2022-12-15 00:00:00+00' then {{ views }} end
{%- endmacro %}
