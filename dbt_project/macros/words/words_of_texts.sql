{#- How a text is cut into words (docs/explanation/words.md). Patterns for RE2, for a text of `plain_letters` in lower case. -#}

{#- Letters, marks and digits of any script, a letter or digit first; an apostrophe or `_` inside belongs to the word, a hyphen parts two words
    (`anak-anak` is `anak` twice). -#}
{% macro word_pattern() -%}
    {{ return('[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}]*(?:[_\\x27]+[\\p{L}\\p{M}\\p{N}]+)*') }}
{%- endmacro %}


{#- What is no word, though it is made of letters: an address, and an account with the server that may follow it. -#}
{% macro no_word_pattern() -%}
    {{ return('(?:https?://|www[.]|pic[.]twitter[.]com/)\\S*|@[\\p{L}\\p{M}\\p{N}_]+(?:[.@][a-z0-9-]+)*') }}
{%- endmacro %}


{#- Everything that is found in a text: no words, words with the `#` before them, and every lone `@`. -#}
{% macro marked_word_pattern() -%}
    {{ return(no_word_pattern() ~ '|(?:#_*)?' ~ word_pattern() ~ '|@') }}
{%- endmacro %}


{#- The same, each with all that stands before it: these pieces tile the text, so their lengths tell the places. -#}
{% macro word_piece_pattern() -%}
    {{ return('[^\\p{L}\\p{N}@]*(?:' ~ no_word_pattern() ~ '|' ~ word_pattern() ~ '|@)') }}
{%- endmacro %}


{#- A text that the source cut, without the word that was cut. -#}
{% macro text_of_whole_words(text, text_is_complete) -%}
    case
        when {{ text_is_complete }} then {{ text }}
        else {{ regex_replace_all(text, '\\S*…(?:\\s+https?://\\S*)?\\s*$', '') }}
    end
{%- endmacro %}


{#- A hash of the rules: words that other rules made are made anew. -#}
{% macro word_rules() -%}
    {{ return(local_md5(
        marked_word_pattern() ~ hashtag_word() ~ hashtag_word_spans('tag') ~ plain_letters('nfc_text') ~ text_of_whole_words('t', 'c')
    )) }}
{%- endmacro %}


{#- The own posts whose words are wanted, each with a hash that changes when its words may. -#}
{% macro texts_for_words() -%}
    select
        post_key,
        {{ text_hash("concat(text, coalesce(text_is_complete, true), '" ~ word_rules() ~ "')") }} as text_hash
    from {{ ref('fct_posts') }}
    where is_own and text <> ''
{%- endmacro %}
