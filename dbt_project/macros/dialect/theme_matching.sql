{#- What theme matching needs of an engine. -#}

{#- Whether a text is plain ASCII. -#}
{% macro is_ascii(text) -%}
    {{ return(adapter.dispatch('is_ascii')(text)) }}
{%- endmacro %}


{% macro duckdb__is_ascii(text) -%}
    (strlen({{ text }}) = length({{ text }}))
{%- endmacro %}


{#- Unicode NFC, so that an accent typed as a character of its own is part of its letter. Plain ASCII, three posts of four,
    is NFC already; so is a text of characters that never change, as most of the others: making it costs 6 µs a text, seeing
    that it is not needed 0.5 (2026-11-26). -#}
{% macro nfc(text) -%}
    {{ return(adapter.dispatch('nfc')(text)) }}
{%- endmacro %}


{% macro duckdb__nfc(text) -%}
    (
        case
            when strlen({{ text }}) = length({{ text }}) then {{ text }}
            when not {{ regex_match(text, '[^\\x{00}-\\x{7f}' ~ never_changed_by_nfc() ~ ']') }} then {{ text }}
            else nfc_normalize({{ text }})
        end
    )
{%- endmacro %}


{#- Ranges of characters that NFC neither changes, nor moves, nor joins with the one before: those that posts are written in.
    tests/unit/test_folding.py asks Unicode about each of them. -#}
{% macro never_changed_by_nfc() -%}
    {{ return(
        '\\x{80}-\\x{2ff}\\x{370}-\\x{373}\\x{375}-\\x{37d}\\x{37f}-\\x{386}\\x{388}-\\x{482}\\x{48a}-\\x{558}\\x{5d0}-\\x{60f}'
        ~ '\\x{61b}-\\x{64a}\\x{660}-\\x{66f}\\x{671}-\\x{6d5}\\x{e01}-\\x{e30}\\x{e40}-\\x{e47}\\x{1e00}-\\x{1eff}'
        ~ '\\x{2002}-\\x{206f}\\x{20a0}-\\x{20cf}\\x{2100}-\\x{2125}\\x{2127}-\\x{2129}\\x{212c}-\\x{2328}\\x{232b}-\\x{2adb}'
        ~ '\\x{2add}-\\x{2bff}\\x{3000}-\\x{3029}\\x{3030}-\\x{3098}\\x{309b}-\\x{a66e}\\x{ac00}-\\x{d7a3}\\x{e000}-\\x{f8ff}'
        ~ '\\x{fe0e}-\\x{fe0f}\\x{fe30}-\\x{ffef}\\x{1d400}-\\x{1d7ff}\\x{1f000}-\\x{1faff}'
    ) }}
{%- endmacro %}


{#- Lower case, and full-width letters and those that people use as fonts as plain ones, for a text in NFC. One character stays
    one character, so a position in the folded text is the position in the text. -#}
{% macro fold_for_matching(nfc_text) -%}
    {{ return(adapter.dispatch('fold_for_matching')(nfc_text)) }}
{%- endmacro %}


{% macro duckdb__fold_for_matching(nfc_text) -%}
    lower({{ plain_letters(nfc_text) }})
{%- endmacro %}


{#- Every match of a constant pattern, from left to right, none overlapping another. -#}
{% macro regex_find_all(text, pattern) -%}
    {{ return(adapter.dispatch('regex_find_all')(text, pattern)) }}
{%- endmacro %}


{% macro duckdb__regex_find_all(text, pattern) -%}
    regexp_extract_all({{ text }}, '{{ pattern }}')
{%- endmacro %}


{#- The different elements of several lists together. -#}
{% macro list_union(lists) -%}
    {{ return(adapter.dispatch('list_union')(lists)) }}
{%- endmacro %}


{% macro duckdb__list_union(lists) -%}
    list_distinct(list_concat({{ lists | join(', ') }}))
{%- endmacro %}


{#- Positions from 1 to the size of a list. -#}
{% macro list_positions(list) -%}
    {{ return(adapter.dispatch('list_positions')(list)) }}
{%- endmacro %}


{% macro duckdb__list_positions(list) -%}
    range(1, len({{ list }}) + 1)
{%- endmacro %}


{#- The elements from one position to another, both included, as text with one space between. -#}
{% macro words_between(list, from_position, to_position) -%}
    {{ return(adapter.dispatch('words_between')(list, from_position, to_position)) }}
{%- endmacro %}


{% macro duckdb__words_between(list, from_position, to_position) -%}
    array_to_string(list_slice({{ list }}, {{ from_position }}, {{ to_position }}), ' ')
{%- endmacro %}


{#- The same, with nothing between. -#}
{% macro text_between(list, from_position, to_position) -%}
    {{ return(adapter.dispatch('text_between')(list, from_position, to_position)) }}
{%- endmacro %}


{% macro duckdb__text_between(list, from_position, to_position) -%}
    array_to_string(list_slice({{ list }}, {{ from_position }}, {{ to_position }}), '')
{%- endmacro %}


{#- Where a string begins in a text (0-based), every time, from the parts into which it splits the text. -#}
{% macro starts_between_parts(parts, needle) -%}
    {{ return(adapter.dispatch('starts_between_parts')(parts, needle)) }}
{%- endmacro %}


{#- nine strings of ten are there once only -#}
{% macro duckdb__starts_between_parts(parts, needle) -%}
    case
        when len({{ parts }}) = 2 then [cast(length({{ parts }}[1]) as bigint)]
        else list_transform(
            range(1, len({{ parts }})),
            lambda n: cast(
                length(array_to_string(list_slice({{ parts }}, 1, n), '')) + (n - 1) * length({{ needle }}) as bigint
            )
        )
    end
{%- endmacro %}


{#- The parts of a text between the occurrences of a string that another column holds. -#}
{% macro split_by(text, needle) -%}
    {{ return(adapter.dispatch('split_by')(text, needle)) }}
{%- endmacro %}


{% macro duckdb__split_by(text, needle) -%}
    string_split({{ text }}, {{ needle }})
{%- endmacro %}


{#- Blanks in the first characters of a text: so many words end there. -#}
{% macro blanks_before(text, position) -%}
    {{ return(adapter.dispatch('blanks_before')(text, position)) }}
{%- endmacro %}


{% macro duckdb__blanks_before(text, position) -%}
    length(left({{ text }}, {{ position }})) - length(replace(left({{ text }}, {{ position }}), ' ', ''))
{%- endmacro %}


{#- Every place where a constant pattern matches: structs of span_start (in code points from 0) and span_end. The engine marks
    the matches in the text itself, with a character that no text holds afterwards: split texts would begin anew behind each
    match, and `^` and `\b` with them. No match is empty (`suara codebook check`). -#}
{% macro regex_places(text, pattern) -%}
    {{ return(adapter.dispatch('regex_places')(text, pattern)) }}
{%- endmacro %}


{% macro duckdb__regex_places(text, pattern) -%}
    list_extract(list_transform(
        [string_split(
            regexp_replace(replace({{ text }}, chr(57344), chr(57345)), '{{ pattern }}', chr(57344) || '\0' || chr(57344), 'g'),
            chr(57344)
        )],
        lambda pieces: list_transform(range(1, len(pieces) // 2 + 1), lambda n: {
            'span_start': cast(length(array_to_string(pieces[1:2 * n - 1], '')) as bigint),
            'span_end': cast(length(array_to_string(pieces[1:2 * n], '')) as bigint)
        })
    ), 1)
{%- endmacro %}



{#- A number for each row, in no order: an engine that must sort to count may be given one. -#}
{% macro row_numbers() -%}
    {{ return(adapter.dispatch('row_numbers')()) }}
{%- endmacro %}


{% macro duckdb__row_numbers() -%}
    row_number() over ()
{%- endmacro %}
