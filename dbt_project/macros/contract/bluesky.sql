{#- The account in an address of Bluesky: `at://did:plc:…/app.bsky.feed.post/…`. -#}
{% macro at_uri_account(uri) -%}
    case when starts_with({{ uri }}, 'at://did:') then split_part({{ uri }}, '/', 3) end
{%- endmacro %}


{#- The address, if it is that of a post; feeds, lists and starter packs have addresses, too. -#}
{% macro at_uri_of_post(uri) -%}
    {{ regex_group(uri, '^at://did:[^/]+/app[.]bsky[.]feed[.]post/[^/]+$', 0) }}
{%- endmacro %}


{#- A handle of Bluesky; `handle.invalid` is what the server writes when a domain no longer belongs to its account. -#}
{% macro bluesky_handle(handle) -%}
    nullif({{ handle }}, 'handle.invalid')
{%- endmacro %}


{#- The features of one kind, with their place in code points. Bluesky counts bytes; where every character is one byte the
    two are the same. A place that is none (behind the text's end, within a character) is null. -#}
{% macro facets_of(features, type, text, text_bytes) -%}
    {{ list_map(list_keep(features, 'x', "x.type = '" ~ type ~ "'"), 'x', struct_of([
        ('tag', 'x.tag'),
        ('did', 'x.did'),
        ('start', facet_place('x.first_byte', 'x.end_byte', 'x.first_byte', text, text_bytes)),
        ('end', facet_place('x.first_byte', 'x.end_byte', 'x.end_byte', text, text_bytes)),
    ])) }}
{%- endmacro %}


{% macro facet_place(first_byte, end_byte, byte, text, text_bytes) -%}
    cast(case
        when {{ first_byte }} < 0 or {{ end_byte }} <= {{ first_byte }} or {{ end_byte }} > {{ text_bytes }} then null
        when {{ text_bytes }} = length({{ text }}) then {{ byte }}
        when {{ code_points_before_byte(text, first_byte) }} is null or {{ code_points_before_byte(text, end_byte) }} is null
            then null
        else {{ code_points_before_byte(text, byte) }}
    end as bigint)
{%- endmacro %}
