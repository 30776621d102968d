{#- How a display name is found in a text (docs/explanation/privacy.md, docs/decisions/0033). -#}

{#- A word of a name or a text: letters and digits of any script, an apostrophe inside (`O'Brien`). Hyphens and points part words. -#}
{% macro name_word_pattern() -%}
    {{ return('[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}]*(?:[\\x27’][\\p{L}\\p{M}\\p{N}]+)*') }}
{%- endmacro %}


{#- Each word with all that stands before it: these pieces tile the text, so their lengths tell the places. -#}
{% macro name_piece_pattern() -%}
    {{ return('[^\\p{L}\\p{N}]*' ~ name_word_pattern()) }}
{%- endmacro %}


{#- Where somebody may be named whom the post does not name as an account: words with capitals one behind the other, or of a script
    without capitals, with the small words that names have inside. -#}
{% macro capitalised_words_pattern() -%}
    {%- set word = '[\\p{Lu}\\p{Lt}\\p{Lo}][\\p{L}\\p{M}\\p{N}]*(?:[\\x27’][\\p{L}\\p{M}\\p{N}]+)*' -%}
    {{ return(word ~ '(?:[\\s\\p{Z}.-]{1,3}(?:(?:' ~ words_inside_names() | join('|') ~ ') ){0,2}' ~ word ~ ')+') }}
{%- endmacro %}


{% macro words_inside_names() -%}
    {{ return([
        'van', 'von', 'de', 'der', 'den', 'del', 'da', 'das', 'do', 'dos', 'di', 'du', 'la', 'le', 'el', 'al', 'bin', 'binti', 'ibn',
    ]) }}
{%- endmacro %}


{#- Words of a name or a text as they are compared: small letters without accents, fonts and apostrophes, no `'s` of a genitive, one
    blank between. Plain words, most of them, are passed by. -#}
{% macro folded_name(text) -%}
    {%- set plain = without_accents(fold(plain_letters(text))) -%}
    {%- set without_genitives = regex_replace_all(plain, '\\x27s([^\\p{L}\\p{N}]|$)', '\\1') -%}
    (
        case
            when {{ regex_match(text, '^[A-Za-z0-9]+(?: [A-Za-z0-9]+)*$') }} then lower({{ text }})
            else trim({{ regex_replace_all('replace(' ~ without_genitives ~ ", '''', '')", '[^\\p{L}\\p{M}\\p{N}]+', ' ') }})
        end
    )
{%- endmacro %}


{#- What people write before their name and nobody else writes before it. -#}
{% macro titles_of_persons() -%}
    {{ return([
        'dr', 'drs', 'dra', 'prof', 'professor', 'ir', 'h', 'hj', 'kh', 'ust', 'ustadz', 'ustaz', 'bapak', 'bpk', 'pak', 'ibu', 'bu',
        'mr', 'mrs', 'ms', 'miss', 'sir', 'lord', 'lady', 'rep', 'representative', 'sen', 'senator', 'congressman', 'congresswoman',
        'gov', 'governor', 'mayor', 'president', 'rev', 'capt', 'col', 'gen', 'the', 'hon',
    ]) }}
{%- endmacro %}


{#- Words that stand in no person's name, in English and Indonesian: small words, and words for kinds of organisations. -#}
{% macro words_of_no_person() -%}
    {{ return([
        'of', 'the', 'for', 'and', 'in', 'to', 'on', 'at', 'from', 'with', 'our', 'your', 'my', 'this', 'we', 'us', 'who', 'what',
        'dan', 'dari', 'untuk', 'yang', 'dengan', 'kami', 'kita',
        'agency', 'association', 'bank', 'center', 'centre', 'city', 'club', 'college', 'committee', 'council', 'county', 'department',
        'embassy', 'foundation', 'gmbh', 'inc', 'institute', 'journal', 'llc', 'ltd', 'magazine', 'ministry', 'museum', 'news', 'police',
        'radio', 'school', 'times', 'tv', 'university',
        'dinas', 'kabupaten', 'kementerian', 'komunitas', 'kota', 'lembaga', 'polda', 'polres', 'provinsi', 'universitas', 'yayasan',
    ]) }}
{%- endmacro %}
