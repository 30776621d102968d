{#- What cells of tables hold. Raw tables keep a cell as delivered; an empty one is null there. -#}

{#- The address of a post as tables give it: group 1 the handle, group 2 the post id. Unlike `post_link_pattern` it takes a
    picture's address for its post's: a column of addresses holds one for each row. The loader of tables and the raw gate
    read ids by the same pattern; a test compares the three. -#}
{% macro post_address_pattern() -%}
    ^https?://(?:www[.]|mobile[.])?(?:twitter|x)[.]com/([A-Za-z0-9_]+)/status(?:es)?/([0-9]+)
{%- endmacro %}


{% macro post_id_in_address(address) -%}
    {{ regex_group(address, post_address_pattern(), 2) }}
{%- endmacro %}


{% macro handle_in_address(address) -%}
    {{ regex_group(address, post_address_pattern(), 1) }}
{%- endmacro %}


{#- A handle as tables give it, with or without @. -#}
{% macro handle_in_cell(cell) -%}
    nullif(ltrim(trim({{ cell }}), '@'), '')
{%- endmacro %}


{#- A count as tables print it: `1,234`, `1938.0`, `-` where there is none. -#}
{% macro count_in_cell(cell) -%}
    try_cast({{ regex_replace_all('replace(trim(' ~ cell ~ "), ',', '')", '[.]0+$', '') }} as bigint)
{%- endmacro %}


{#- The handle that a text without other marks answers: X puts it first. -#}
{% macro replied_handle_in(text) -%}
    {{ regex_group(text, '^@([A-Za-z0-9_]+)', 1) }}
{%- endmacro %}


{#- The kind of a post of which only the text and the author's handle are known. -#}
{% macro kind_from_text(text, handle) -%}
    case
        when starts_with({{ text }}, 'RT @') then 'repost'
        when lower({{ replied_handle_in(text) }}) = lower({{ handle }}) then 'self_reply'
        when {{ replied_handle_in(text) }} is not null then 'reply'
        else 'original'
    end
{%- endmacro %}


{#- Whether the text of a table is whole: reposts are cut where the wrapper was, others where X cut a long post. -#}
{% macro text_is_whole(text, posted_at, is_repost) -%}
    case
        when {{ is_repost }} then not ends_with({{ text }}, '…')
        else not {{ ends_like_a_cut_long_post(text, posted_at) }}
    end
{%- endmacro %}


{#- A day number of Excel as the wall clock shows it: day 1 is 1900-01-01, and 1900 counts as a leap year there. Whole
    seconds, since a serial number holds no more. -#}
{% macro excel_serial_time(serial) -%}
    {{ return(adapter.dispatch('excel_serial_time')(serial)) }}
{%- endmacro %}


{% macro duckdb__excel_serial_time(serial) -%}
    (timestamp '1899-12-30 00:00:00' + to_seconds(cast(round(try_cast({{ serial }} as double) * 86400) as bigint)))
{%- endmacro %}


{#- What the clock showed in a named time zone, as an instant. -#}
{% macro instant_of_wall_clock(wall_clock, time_zone) -%}
    {{ return(adapter.dispatch('instant_of_wall_clock')(wall_clock, time_zone)) }}
{%- endmacro %}


{% macro duckdb__instant_of_wall_clock(wall_clock, time_zone) -%}
    ({{ wall_clock }} at time zone {{ time_zone }})
{%- endmacro %}


{#- Hashtags, mentions and links that a table lists in one cell; the separator is a SQL expression. A cell gives no
    positions. An empty one says that there are none only where the text has no sign of any; otherwise nobody knows, and the
    text is asked. -#}
{% macro tags_in_cell(cell, text, separator) -%}
    case
        when {{ cell }} is not null
            then {{ list_map(parts_of_cell(cell, separator, '#＃'), 't', struct_of([
                ('tag', 't'), ('start', 'cast(null as bigint)'), ('end', 'cast(null as bigint)'),
            ])) }}
        when strpos({{ text }}, '#') = 0 and strpos({{ text }}, '＃') = 0 then []
    end
{%- endmacro %}


{% macro handles_in_cell(cell, text, separator) -%}
    case
        when {{ cell }} is not null
            then {{ list_map(parts_of_cell(cell, separator, '@＠'), 't', struct_of([
                ('handle', 't'), ('account_id', 'cast(null as varchar)'),
                ('start', 'cast(null as bigint)'), ('end', 'cast(null as bigint)'),
            ])) }}
        when strpos({{ text }}, '@') = 0 and strpos({{ text }}, '＠') = 0 then []
    end
{%- endmacro %}


{% macro addresses_in_cell(cell, text, separator) -%}
    case
        when {{ cell }} is not null
            then {{ list_map(parts_of_cell(cell, separator), 't', struct_of([
                ('url', 'cast(null as varchar)'), ('expanded_url', 't'),
            ])) }}
        when strpos({{ text }}, 'http') = 0 then []
    end
{%- endmacro %}


{#- The parts of a cell, trimmed, without the marks that lead them, empty ones left out. A cell may be written as a list
    of some language, `['a', 'b']`: its brackets and quotes are no part of the parts. -#}
{% macro parts_of_cell(cell, separator, marks='') -%}
    {{ list_keep(list_map(split_by(cell, separator), 'p', "ltrim(trim(p, ' []''\"'), '" ~ marks ~ " ')"), 'p', "p <> ''") }}
{%- endmacro %}
