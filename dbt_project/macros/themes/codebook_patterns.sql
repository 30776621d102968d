{#- The patterns of the codebook, as constants for the model that looks for them. They are read from the warehouse when
    the model is compiled: patterns in a column cost seven times as much as constants. Each has `pattern` (words
    separated by one space, a wildcard ending in *; or a regular expression), `is_term` (false: only a condition, an exclusion or the
    second side of a near rule) and `is_regex`.

    A unit test overrides this macro, since its input is no table. -#}
{% macro codebook_patterns() -%}
    {%- if not execute -%}
        {{ return([]) }}
    {%- endif -%}
    {#- by name: within a unit test `ref` is that test's input, and the input may be this table -#}
    {%- set relation = api.Relation.create(database=target.database, schema='intermediate', identifier='int_codebook__patterns') -%}
    {%- if load_relation(relation) is none -%}
        {%- if flags.WHICH in ('compile', 'generate') -%}
            {#- documentation of an empty warehouse -#}
            {{ return([]) }}
        {%- endif -%}
        {{ exceptions.raise_compiler_error(
            relation ~ ' does not exist: build it first (dbt build --select +int_codebook__patterns).'
        ) }}
    {%- endif -%}
    {%- set rows = run_query('select pattern, is_term, is_regex from ' ~ relation ~ ' order by pattern').rows -%}
    {%- set patterns = [] -%}
    {%- for row in rows -%}
        {%- do patterns.append({'pattern': row['pattern'], 'is_term': row['is_term'], 'is_regex': row['is_regex']}) -%}
    {%- endfor -%}
    {{ return(patterns) }}
{%- endmacro %}


{#- Patterns as words: `['forced', 'labo']` and whether the last word may go on. Refuses what is not folded words: such a
    pattern would match nothing, or be read as a regular expression. -#}
{% macro codebook_pattern_words(patterns) -%}
    {%- set parsed = [] -%}
    {%- for item in patterns if not item['is_regex'] -%}
        {%- set pattern = item['pattern'] -%}
        {%- set stem = pattern[:-1] if pattern.endswith('*') else pattern -%}
        {%- if not modules.re.fullmatch('\w+( \w+)*', stem) or stem != stem.lower() -%}
            {{ exceptions.raise_compiler_error(
                "Codebook pattern '" ~ pattern ~ "': expected lower-case words separated by one space, perhaps a * at the end."
            ) }}
        {%- endif -%}
        {%- do parsed.append({'stem': stem, 'words': stem.split(' '), 'is_wildcard': stem != pattern}) -%}
    {%- endfor -%}
    {{ return(parsed) }}
{%- endmacro %}


{#- The regular expressions of the codebook, as they stand between quotes. `suara codebook check` asked the engine whether it
    knows them. -#}
{% macro codebook_regexes(patterns) -%}
    {%- set regexes = [] -%}
    {%- for item in patterns if item['is_regex'] -%}
        {%- do regexes.append(item['pattern'] | replace("'", "''")) -%}
    {%- endfor -%}
    {{ return(regexes) }}
{%- endmacro %}


{#- What separates words in the quick search: everything but ASCII word characters and the other letters that the codebook
    itself uses. It is wider than a word boundary (an accented letter counts as a separator), so it finds all that there is
    and some that there is not; the exact boundaries are judged afterwards, on what was found. Measured on 1 M posts, 480
    terms: 1 s with this class, 125 s with the exact one; at the end of words alone the exact one still costs 11 s instead of
    0.3 s on 72,834 texts in many scripts. -#}
{% macro codebook_separator(parsed) -%}
    {%- set letters = [] -%}
    {%- for item in parsed -%}
        {%- for letter in item['stem'] -%}
            {%- if letter > '\x7f' and letter not in letters -%}{%- do letters.append(letter) -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return('a-z0-9_' ~ (letters | sort | join)) }}
{%- endmacro %}


{#- For each phrase that another phrase could hide, those that could: its first words are their last words, as in
    'trafficking in persons' behind 'human trafficking'. Whatever else overlaps lies wholly inside a longer match. -#}
{% macro codebook_hidden_phrases(parsed) -%}
    {%- set tails = {} -%}
    {%- for phrase in parsed if phrase['words'] | length > 1 -%}
        {%- for size in range(1, phrase['words'] | length) -%}
            {%- set words = phrase['words'][-size:] -%}
            {%- set key = words[:-1] | join(' ') ~ '|' ~ size -%}
            {%- do tails.setdefault(key, []).append((words[-1], phrase['stem'])) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set hidden = {} -%}
    {%- for phrase in parsed if phrase['words'] | length > 1 -%}
        {%- for size in range(1, phrase['words'] | length) -%}
            {%- set words = phrase['words'][:size] -%}
            {%- for last_word, stem in tails.get(words[:-1] | join(' ') ~ '|' ~ size, []) -%}
                {#- the last word of a match runs on to the end of the word, so a beginning of it is enough -#}
                {%- if words[-1].startswith(last_word) -%}
                    {%- do hidden.setdefault(phrase['stem'], []).append(stem) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(hidden) }}
{%- endmacro %}


{#- A stem as it is searched. A phrase that can begin again before it has ended, as `hati hati` in 'hati hati hati', would hide
    its own next place: all that is chained is found in one piece, whose words are looked at one by one afterwards. -#}
{% macro codebook_searched(stem) -%}
    {%- set words = stem.split(' ') -%}
    {%- set found = namespace(chain='') -%}
    {%- for size in range(1, words | length) -%}
        {%- set kept = (words | length) - size -%}
        {%- if not found.chain and words[:kept - 1] == words[size:-1] and words[kept - 1].startswith(words[-1]) -%}
            {%- set found.chain = '(?:' ~ (words[:size] | join(' ')) ~ ' )*' -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found.chain ~ stem) }}
{%- endmacro %}


{#- Patterns joined to one expression that says whether a text may hold one: all but wildcards end at a separator. -#}
{% macro codebook_alternation_to_the_end(parsed, separator) -%}
    {%- set gap = '[^' ~ separator ~ ']' -%}
    {%- set ways = [] -%}
    {%- for is_wildcard, end in [(false, '(?:' ~ gap ~ '|$)'), (true, '')] -%}
        {%- set stems = parsed | selectattr('is_wildcard', 'equalto', is_wildcard) | map(attribute='stem') | unique | list -%}
        {%- if stems -%}
            {%- do ways.append('(?:' ~ (stems | join('|') | replace(' ', gap ~ '+')) ~ ')' ~ end) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return('(?:^|' ~ gap ~ ')(?:' ~ (ways | join('|')) ~ ')') }}
{%- endmacro %}


{#- Stems joined to one expression, longest first, so that a phrase wins over its own first word. -#}
{% macro codebook_alternation(stems, separator) -%}
    {%- set by_length = {} -%}
    {%- for stem in stems -%}
        {%- do by_length.update({stem: '%03d %03d %s' | format(999 - stem.count(' '), 999 - (stem | length), stem)}) -%}
    {%- endfor -%}
    {%- set searched = [] -%}
    {%- for stem, _ in by_length | dictsort(by='value') -%}
        {%- do searched.append(codebook_searched(stem)) -%}
    {%- endfor -%}
    {{ return('(?:^|[^' ~ separator ~ '])(?:' ~ (searched | join('|') | replace(' ', '[^' ~ separator ~ ']+')) ~ ')') }}
{%- endmacro %}


{#- Phrases that could be hidden, in groups whose members hide nothing from each other. -#}
{% macro codebook_hidden_groups(parsed) -%}
    {%- set hidden = codebook_hidden_phrases(parsed) -%}
    {%- set groups = [] -%}
    {%- for stem, hidden_by in hidden | dictsort -%}
        {%- set state = namespace(is_placed=false) -%}
        {%- for group in groups if not state.is_placed -%}
            {%- set clash = namespace(found=false) -%}
            {%- for member in group if member in hidden_by or stem in hidden[member] -%}
                {%- set clash.found = true -%}
            {%- endfor -%}
            {%- if not clash.found -%}
                {%- do group.append(stem) -%}
                {%- set state.is_placed = true -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if not state.is_placed -%}{%- do groups.append([stem]) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(groups) }}
{%- endmacro %}


{#- Stems in parts that make expressions of at most 10,000 characters. An engine falls off a cliff behind that, since it has 8 MB for
    an expression: 139,747 texts were searched for 750 terms (10,985 characters) in 0.5 s of CPU, for 1,000 (14,622) in 1.1 s, and only
    asked whether they hold one in 5.8 s instead of 0.1; for 2,000 in 20 s (2026-11-26). -#}
{% macro codebook_parts(stems, separator) -%}
    {%- set gap = '[^' ~ separator ~ ']+' -%}
    {%- set parts = [] -%}
    {%- set state = namespace(length=10001) -%}
    {%- for stem in stems -%}
        {%- set length = 1 + stem | replace(' ', gap) | length -%}
        {%- if state.length + length > 10000 -%}
            {%- do parts.append([]) -%}
            {%- set state.length = 0 -%}
        {%- endif -%}
        {%- do parts[-1].append(stem) -%}
        {%- set state.length = state.length + length -%}
    {%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}


{#- Finds of one group of patterns in a text, each match to the end of its last word. -#}
{% macro codebook_finds(text, stems, separator) -%}
    {%- set finds = [] -%}
    {%- for part in codebook_parts(stems, separator) -%}
        {%- do finds.append(regex_find_all(text, codebook_alternation(part, separator) ~ '[' ~ separator ~ ']*')) -%}
    {%- endfor -%}
    {{ return(finds) }}
{%- endmacro %}


{#- The different pieces of a folded text that together hold every pattern of the codebook: one search for all patterns, and once
    more for phrases that could be hidden by others. Few texts have one of those: asking first whether this text does is
    cheaper than searching them all (of 600 terms 0.8 instead of 0.9 s of CPU for 200,000 texts, 2026-11-26). -#}
{% macro codebook_surfaces(text, patterns) -%}
    {%- set parsed = codebook_pattern_words(patterns) -%}
    {%- set separator = codebook_separator(parsed) -%}
    {%- set found = codebook_finds(text, parsed | map(attribute='stem') | unique | list, separator) -%}
    {%- set hidden = [] -%}
    {%- set hidden_finds = [] -%}
    {%- for group in codebook_hidden_groups(parsed) -%}
        {%- do hidden.extend(group) -%}
        {%- do hidden_finds.extend(codebook_finds(text, group, separator)) -%}
    {%- endfor -%}
    {%- if not found -%}
        {{ empty_list('varchar') }}
    {%- elif not hidden -%}
        {{ list_union(found) }}
    {%- else -%}
        case
            when
                {%- for part in codebook_parts(hidden, separator) %}
                {{ 'or ' if not loop.first }}{{ regex_match(text, codebook_alternation(part, separator)) }}
                {%- endfor %}
                then {{ list_union(found + hidden_finds) }}
            else {{ list_union(found) }}
        end
    {%- endif -%}
{%- endmacro %}


{#- Whether a hashtag in lower case may hold a pattern, its words side by side; only of ASCII can that be said quickly. -#}
{% macro hashtag_may_hold_a_pattern(lower_tag, patterns) -%}
    {%- set parsed = codebook_pattern_words(patterns) -%}
    {%- set separator = codebook_separator(parsed) -%}
    {#- words of a hashtag are parted by capitals, by `_`, or not at all -#}
    {%- set gap = '[^' ~ separator | replace('_', '') ~ ']*' -%}
    (
        {%- for part in codebook_parts(parsed | map(attribute='stem') | unique | sort, separator) %}
        {{ regex_match(lower_tag, part | join('|') | replace(' ', gap)) }}
        or
        {%- endfor %}
        not {{ is_ascii(lower_tag) }}
    )
{%- endmacro %}


{#- Whether a text may hold a term: one pass over every post, before anything is folded exactly. Folding can only change a
    term's letters where there are full-width letters, letters used as fonts, accents of their own, or a dotted capital I, which
    is the one letter with a small one that an expression without case does not know: such a text may hold one, too. Asking
    without case takes half as long as lower case and then asking (0.33 s of CPU instead of 0.70 for 500,000 texts,
    2026-11-26). -#}
{% macro may_hold_a_term(text, patterns) -%}
    {%- set parsed = codebook_pattern_words(patterns | selectattr('is_term')) -%}
    {%- set separator = codebook_separator(parsed) -%}
    (
        {#- a third of what begins like a word of the codebook is another word (2026-11-26): seen here, not later; all in one
            expression, since two cost twice as much -#}
        {%- for part in codebook_parts(parsed | map(attribute='stem') | unique, separator) %}
        {{ regex_match(text, '(?i)' ~ codebook_alternation_to_the_end(parsed | selectattr('stem', 'in', part) | list, separator)) }}
        or
        {%- endfor %}
        {%- for pattern in codebook_regexes(patterns) %}
        {{ regex_match('lower(' ~ text ~ ')', pattern) }}
        or
        {%- endfor %}
        (not {{ is_ascii(text) }} and {{ regex_match(text, '[\\x{0130}\\x{0300}-\\x{036f}\\x{ff10}-\\x{ff5a}' ~ font_letter_ranges() ~ ']') }})
    )
{%- endmacro %}
