{%- set patterns = codebook_patterns() -%}
{%- set word = '[\\p{L}\\p{M}\\p{Nd}_]' -%}
{%- set not_word = '[^' ~ word[1:] -%}
{%- set last_word = 'surface_word_positions.first_word + pattern_sizes.word_count - 1' -%}

with

posts as (

    select
        post_key,
        account_key,
        is_repost,
        posted_date,
        posted_at,
        text

    from {{ ref('int_posts__texts') }}

),

post_hashtags as (

    select * from {{ ref('int_posts__hashtags') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

terms as (

    select
        row_number() over (order by term_id) as term_no,
        *

    from {{ ref('int_codebook__terms') }}

),

conditions as (

    select * from {{ ref('int_codebook__conditions') }}

),

exclusions as (

    select * from {{ ref('codebook_exclusions') }}
    where codebook_version in (select codebook_version from terms)

),

patterns as (

    select * from {{ ref('int_codebook__patterns') }}

),

---------- 1. where the patterns of the codebook stand in the texts

-- the words of a hashtag (`#HariAntiPerdaganganOrang`) are searched like a text of their own, once for each spelling
hashtags_split as (

    select
        hashtag_as_written,
        {{ hashtag_word_spans('hashtag_as_written') }} as word_spans

    from (select distinct hashtag_as_written from post_hashtags) as spellings

    -- splitting costs 24 µs each (2026-11-26): not where nothing but small letters follows the first one, nor where there is
    -- no pattern
    where {{ regex_match('hashtag_as_written', '.[^a-z]') }}
        and {{ hashtag_may_hold_a_pattern('lower(hashtag_as_written)', patterns) }}

),

hashtag_texts as (

    select
        -row_number() over (order by hashtag_as_written) as hashtag_no,
        hashtag_as_written,
        {{ list_map('word_spans', 'part', 'part.start') }} as word_starts,
        {{ list_map('word_spans', 'part', 'part."end"') }} as word_ends,
        {{ nfc(words_between(list_map('word_spans', 'part', 'part.word'), '1', list_size('word_spans'))) }} as nfc_text

    from hashtags_split

    -- a tag of one word is found in the text itself
    where {{ list_size('word_spans') }} > 1

),

posts_with_hashtags_to_search as (

    select post_hashtags.post_key

    from post_hashtags

    inner join hashtag_texts
        on post_hashtags.hashtag_as_written = hashtag_texts.hashtag_as_written

    where {{ may_hold_a_term('hashtag_texts.nfc_text', patterns) }}

    union

    -- the hashtags of a post are what its source says they are, also where its text has none
    select post_hashtags.post_key

    from post_hashtags

    inner join terms
        on post_hashtags.hashtag = terms.term
        and terms.kind = 'hashtag'

),

-- one pass over every post with constant patterns; only what it keeps is looked at again, by a short number in place of its key
candidate_posts as (

    select
        {{ row_numbers() }} as post_no,
        posts.post_key,
        posts.account_key,
        posts.is_repost,
        posts.posted_date,
        posts.posted_at,
        posts.text

    from posts

    where {{ may_hold_a_term('posts.text', patterns) }}
        or posts.post_key in (select post_key from posts_with_hashtags_to_search)

),

texts_to_search as (

    select
        post_no,
        {{ nfc('text') }} as nfc_text

    from candidate_posts

    union all

    select
        hashtag_no as post_no,
        nfc_text

    from hashtag_texts

),

texts_folded as (

    select
        post_no,
        nfc_text,
        {{ fold_for_matching('nfc_text') }} as folded_text

    from texts_to_search

),

-- a surface is a piece of text that looks like a pattern, with the character before it
texts_searched as (

    select
        post_no,
        nfc_text,
        folded_text,
        {{ codebook_surfaces('folded_text', patterns) }} as surfaces

    from texts_folded

),

-- the different surfaces are few; which patterns lie in them, and where, is found out once for each
surfaces_unnested as (

    select unnest(surfaces) as surface
    from texts_searched

),

surfaces as (

    select distinct surface
    from surfaces_unnested

),

surfaces_split as (

    select
        surface,
        {{ regex_find_all('surface', word ~ '+') }} as words,
        {{ regex_find_all('surface', not_word ~ '*' ~ word ~ '+') }} as words_with_gaps

    from surfaces

),

surface_word_positions as (

    select
        surface,
        words,
        words_with_gaps,
        unnest({{ list_positions('words') }}) as first_word

    from surfaces_split

),

pattern_sizes as (

    select distinct word_count
    from patterns
    where not is_regex

),

surface_parts as (

    select
        surface_word_positions.surface,
        pattern_sizes.word_count,
        {{ words_between('surface_word_positions.words', 'surface_word_positions.first_word', last_word) }} as words,
        length({{ text_between('surface_word_positions.words_with_gaps', '1', 'surface_word_positions.first_word') }})
        - length({{ list_item('surface_word_positions.words', 'surface_word_positions.first_word') }}) as part_start,
        length({{ text_between('surface_word_positions.words_with_gaps', '1', last_word) }}) as part_end

    from surface_word_positions

    inner join pattern_sizes
        on surface_word_positions.first_word + pattern_sizes.word_count - 1
        <= {{ list_size('surface_word_positions.words') }}

    -- a handle is no word of a phrase, either
    where not {{ regex_match(
        text_between('surface_word_positions.words_with_gaps', 'surface_word_positions.first_word + 1', last_word),
        '[@＠]' ~ word
    ) }}

),

different_parts as (

    select distinct
        words,
        word_count

    from surface_parts

),

parts_that_are_patterns as (

    select
        different_parts.words,
        patterns.pattern_no,
        patterns.is_wildcard

    from different_parts

    inner join patterns
        on different_parts.words = patterns.stem
        and different_parts.word_count = patterns.word_count

    union

    select
        different_parts.words,
        patterns.pattern_no,
        patterns.is_wildcard

    from different_parts

    inner join patterns
        on different_parts.word_count = patterns.word_count
        and left(different_parts.words, length(patterns.stem)) = patterns.stem

    where patterns.is_wildcard

),

surface_patterns as (

    select
        surface_parts.surface,
        surface_parts.part_start,
        surface_parts.part_end,
        parts_that_are_patterns.pattern_no,
        parts_that_are_patterns.is_wildcard

    from surface_parts

    inner join parts_that_are_patterns
        on surface_parts.words = parts_that_are_patterns.words

),

-- no step from here to the spans is read twice: a step that is read twice is kept, with its texts
surfaces_of_posts as (

    select
        post_no,
        nfc_text,
        folded_text,
        unnest(surfaces) as surface

    from texts_searched

),

patterns_of_posts as (

    select
        surfaces_of_posts.post_no,
        surfaces_of_posts.nfc_text,
        surfaces_of_posts.folded_text,
        surfaces_of_posts.surface,
        surface_patterns.pattern_no,
        surface_patterns.is_wildcard,
        surface_patterns.part_start,
        surface_patterns.part_end,
        {{ split_by('surfaces_of_posts.folded_text', 'surfaces_of_posts.surface') }} as parts

    from surfaces_of_posts

    inner join surface_patterns
        on surfaces_of_posts.surface = surface_patterns.surface

),

surface_starts as (

    select
        post_no,
        nfc_text,
        folded_text,
        pattern_no,
        is_wildcard,
        part_start,
        part_end,
        unnest({{ starts_between_parts('parts', 'surface') }}) as surface_start

    from patterns_of_posts

),

patterns_placed as (

    select
        post_no,
        nfc_text,
        folded_text,
        pattern_no,
        is_wildcard,
        surface_start + part_start as span_start,
        surface_start + part_end as part_end

    from surface_starts

),

neighbours_seen as (

    select
        post_no,
        nfc_text,
        folded_text,
        pattern_no,
        is_wildcard,
        span_start,
        part_end,
        case when span_start > 0 then substr(folded_text, span_start, 1) else '' end as character_before,
        substr(folded_text, part_end + 1, 1) as character_after

    from patterns_placed

),

-- whole words only: a wildcard runs on to the end of its word, anything else must end there; and a handle is an account,
-- not a word
whole_words as (

    select
        post_no,
        nfc_text,
        pattern_no,
        character_before,
        span_start,
        case
            when character_after in ('', ' ') then part_end
            else part_end + length(coalesce({{ regex_group('substr(folded_text, part_end + 1)', '^(' ~ word ~ '+)', 1) }}, ''))
        end as span_end

    from neighbours_seen

    where (is_wildcard or not {{ regex_match('character_after', word) }})
        and not {{ regex_match('character_before', '[@＠' ~ word[1:]) }}

),

spans_in_words as (

    select
        post_no,
        pattern_no,
        span_start,
        span_end,
        min(substr(nfc_text, span_start + 1, span_end - span_start)) as matched_text,
        min(character_before) as character_before

    from whole_words

    group by post_no, pattern_no, span_start, span_end

),

-- a regular expression is tried as a constant of its own, on the candidates alone
regex_places as (
    {% for pattern in codebook_regexes(patterns) %}
    select
        post_no,
        nfc_text,
        '{{ pattern }}' as pattern,
        unnest({{ regex_places('folded_text', pattern) }}) as place

    from texts_searched

    where post_no > 0
        and {{ regex_match('folded_text', pattern) }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% else %}
    select
        post_no,
        nfc_text,
        nfc_text as pattern,
        {{ struct_of([('span_start', 'post_no'), ('span_end', 'post_no')]) }} as place

    from texts_searched

    where false
    {% endfor %}
),

-- where in the text a hashtag stands that holds a pattern; its first place, if it is written twice
hashtags_found as (

    select distinct hashtag_texts.hashtag_as_written

    from spans_in_words

    inner join hashtag_texts
        on spans_in_words.post_no = hashtag_texts.hashtag_no

),

posts_of_hashtags_found as (

    select
        candidate_posts.post_no,
        post_hashtags.hashtag,
        post_hashtags.hashtag_as_written

    from hashtags_found

    inner join post_hashtags
        on hashtags_found.hashtag_as_written = post_hashtags.hashtag_as_written

    inner join candidate_posts
        on post_hashtags.post_key = candidate_posts.post_key

),

marked_words as (

    select
        post_no,
        unnest({{ words_after("replace(nfc_text, '＃', '#')", '#', '^' ~ word ~ '+') }}) as marked

    from texts_searched

    where post_no in (select post_no from posts_of_hashtags_found)

),

hashtags_in_texts as (

    select
        post_no,
        {{ fold('marked.word') }} as hashtag,
        min(marked.start) as hashtag_start

    from marked_words

    group by 1, 2

),

spans_in_hashtags as (

    select
        posts_of_hashtags_found.post_no,
        spans_in_words.pattern_no,
        hashtag_texts.hashtag_as_written,
        hashtags_in_texts.hashtag_start + 1 as words_start,
        {{ list_item('hashtag_texts.word_starts', blanks_before('hashtag_texts.nfc_text', 'spans_in_words.span_start') ~ ' + 1') }} as first_start,
        {{ list_item('hashtag_texts.word_ends', blanks_before('hashtag_texts.nfc_text', 'spans_in_words.span_end') ~ ' + 1') }} as last_end

    from spans_in_words

    inner join hashtag_texts
        on spans_in_words.post_no = hashtag_texts.hashtag_no

    inner join posts_of_hashtags_found
        on hashtag_texts.hashtag_as_written = posts_of_hashtags_found.hashtag_as_written

    left join hashtags_in_texts
        on posts_of_hashtags_found.post_no = hashtags_in_texts.post_no
        and posts_of_hashtags_found.hashtag = hashtags_in_texts.hashtag

),

spans as (

    select
        post_no,
        pattern_no,
        span_start,
        span_end,
        matched_text,
        character_before,
        false as is_in_hashtag

    from spans_in_words

    where post_no > 0

    union all

    select
        regex_places.post_no,
        patterns.pattern_no,
        regex_places.place.span_start,
        regex_places.place.span_end,
        substr(
            regex_places.nfc_text,
            regex_places.place.span_start + 1,
            regex_places.place.span_end - regex_places.place.span_start
        ) as matched_text,
        '' as character_before,
        false as is_in_hashtag

    from regex_places

    inner join patterns
        on regex_places.pattern = patterns.pattern
        and patterns.is_regex

    union all

    select
        spans_in_hashtags.post_no,
        spans_in_hashtags.pattern_no,
        spans_in_hashtags.words_start + spans_in_hashtags.first_start as span_start,
        spans_in_hashtags.words_start + spans_in_hashtags.last_end as span_end,
        min(substr(
            spans_in_hashtags.hashtag_as_written,
            spans_in_hashtags.first_start + 1,
            spans_in_hashtags.last_end - spans_in_hashtags.first_start
        )) as matched_text,
        '' as character_before,
        true as is_in_hashtag

    from spans_in_hashtags

    group by 1, 2, 3, 4

),

---------- 2. what the codebook makes of them

terms_of_patterns as (

    select
        terms.term_no,
        terms.kind,
        terms.case_sensitive,
        patterns.pattern_no

    from terms

    inner join patterns
        on terms.term = patterns.pattern
        and (terms.kind = 'regex') = patterns.is_regex

),

terms_in_texts as (

    select
        spans.post_no,
        terms_of_patterns.term_no,
        spans.matched_text,
        spans.is_in_hashtag,
        spans.span_start,
        spans.span_end

    from spans

    inner join terms_of_patterns
        on spans.pattern_no = terms_of_patterns.pattern_no
        and terms_of_patterns.kind <> 'hashtag'

    -- an acronym counts in capitals only: TIP is not a tip
    where not terms_of_patterns.case_sensitive
        or {{ regex_match('spans.matched_text', '^[\\p{Lu}\\p{N}]+$') }}

),

-- the hashtags of a post are what its source says they are; the text only shows where
hashtag_places as (

    select
        spans.post_no,
        terms_of_patterns.term_no,
        min(spans.span_start) - 1 as span_start,
        min(spans.span_end) as span_end

    from spans

    inner join terms_of_patterns
        on spans.pattern_no = terms_of_patterns.pattern_no
        and terms_of_patterns.kind = 'hashtag'

    where spans.character_before in ('#', '＃')

    group by 1, 2

),

terms_in_hashtags as (

    select
        candidate_posts.post_no,
        terms.term_no,
        post_hashtags.hashtag_as_written as matched_text,
        false as is_in_hashtag,
        hashtag_places.span_start,
        hashtag_places.span_end

    from post_hashtags

    inner join terms
        on post_hashtags.hashtag = terms.term
        and terms.kind = 'hashtag'

    inner join candidate_posts
        on post_hashtags.post_key = candidate_posts.post_key

    left join hashtag_places
        on candidate_posts.post_no = hashtag_places.post_no
        and terms.term_no = hashtag_places.term_no

),

excluding_patterns as (

    select
        patterns.pattern_no,
        exclusions.theme_code

    from exclusions

    inner join patterns
        on exclusions.pattern = patterns.pattern
        and not patterns.is_regex

),

excluded_spans as (

    select
        spans.post_no,
        excluding_patterns.theme_code,
        spans.span_start,
        spans.span_end

    from spans

    inner join excluding_patterns
        on spans.pattern_no = excluding_patterns.pattern_no

),

-- two words near each other, in either order: what is excluded takes away one of the two, not what stands between them
near_sides as (

    {% for side in ['a', 'b'] -%}
    select
        term_no,
        theme_code,
        near_window,
        '{{ side }}' as side,
        unnest({{ split_list('near_' ~ side, '|') }}) as pattern

    from terms

    where kind = 'near'
    {% if not loop.last %}
    union all

    {% endif -%}
    {% endfor %}
),

near_patterns as (

    select
        near_sides.term_no,
        near_sides.theme_code,
        near_sides.near_window,
        near_sides.side,
        patterns.pattern_no

    from near_sides

    inner join patterns
        on near_sides.pattern = patterns.pattern
        and not patterns.is_regex

),

near_spans as (

    select distinct
        spans.post_no,
        near_patterns.term_no,
        near_patterns.theme_code,
        near_patterns.near_window,
        near_patterns.side,
        spans.span_start,
        spans.span_end

    from spans

    inner join near_patterns
        on spans.pattern_no = near_patterns.pattern_no

    where not spans.is_in_hashtag

),

near_spans_that_count as (

    select * from near_spans

    where not exists (
        select 1
        from excluded_spans
        where excluded_spans.post_no = near_spans.post_no
            and excluded_spans.theme_code = near_spans.theme_code
            and excluded_spans.span_start < near_spans.span_end
            and excluded_spans.span_end > near_spans.span_start
    )

),

near_pairs as (

    select distinct
        near_a.post_no,
        near_a.term_no,
        near_a.near_window,
        least(near_a.span_start, near_b.span_start) as span_start,
        greatest(near_a.span_end, near_b.span_end) as span_end,
        least(near_a.span_end, near_b.span_end) as gap_start,
        greatest(near_a.span_start, near_b.span_start) as gap_end

    from near_spans_that_count as near_a

    inner join near_spans_that_count as near_b
        on near_a.post_no = near_b.post_no
        and near_a.term_no = near_b.term_no

    where near_a.side = 'a'
        and near_b.side = 'b'
        and (near_a.span_end <= near_b.span_start or near_b.span_end <= near_a.span_start)

),

-- neighbours are one word apart
terms_near_each_other as (

    select distinct
        near_pairs.post_no,
        near_pairs.term_no,
        substr(
            texts_searched.nfc_text, near_pairs.span_start + 1, near_pairs.span_end - near_pairs.span_start
        ) as matched_text,
        false as is_in_hashtag,
        near_pairs.span_start,
        near_pairs.span_end

    from near_pairs

    inner join texts_searched
        on near_pairs.post_no = texts_searched.post_no

    where 1 + {{ list_size(regex_find_all(
        'substr(texts_searched.nfc_text, near_pairs.gap_start + 1, near_pairs.gap_end - near_pairs.gap_start)', word ~ '+'
    )) }} <= near_pairs.near_window

),

terms_found as (

    select * from terms_in_texts
    union all
    select * from terms_in_hashtags
    union all
    select * from terms_near_each_other

),

-- themes of crime are coded on posts of registered accounts, nobody else's
posts_for_all_themes as (

    select candidate_posts.post_no

    from candidate_posts

    inner join accounts
        on candidate_posts.account_key = accounts.account_key

    where accounts.is_registered

),

terms_described as (

    select
        terms_found.post_no,
        terms_found.term_no,
        terms.theme_code,
        case when terms_found.is_in_hashtag then 'hashtag_words' else terms.kind end as rule,
        terms_found.matched_text,
        terms.requires is not null as has_condition,
        terms_found.span_start,
        terms_found.span_end

    from terms_found

    inner join terms
        on terms_found.term_no = terms.term_no

    where not terms.is_organisations_only
        or terms_found.post_no in (select post_no from posts_for_all_themes)

),

terms_taken_away as (

    -- once for one place: a whole hashtag, or what runs on over it (`stop*` in #StopTPPO), says it already
    select
        words_of_hashtags.post_no,
        words_of_hashtags.term_no,
        words_of_hashtags.rule,
        coalesce(words_of_hashtags.span_start, -1) as place

    from terms_described as words_of_hashtags

    inner join terms_described as said
        on words_of_hashtags.post_no = said.post_no
        and words_of_hashtags.theme_code = said.theme_code

    where words_of_hashtags.rule = 'hashtag_words'
        and said.rule <> 'hashtag_words'
        and (
            (said.span_start < words_of_hashtags.span_end and said.span_end > words_of_hashtags.span_start)
            or (said.span_start is null and words_of_hashtags.span_start is null)
        )

    union

    select
        terms_described.post_no,
        terms_described.term_no,
        terms_described.rule,
        terms_described.span_start as place

    from terms_described

    inner join excluded_spans
        on terms_described.post_no = excluded_spans.post_no
        and terms_described.theme_code = excluded_spans.theme_code

    where terms_described.rule <> 'near'
        and excluded_spans.span_start < terms_described.span_end
        and excluded_spans.span_end > terms_described.span_start

),

terms_that_count as (

    select terms_described.*

    from terms_described

    left join terms_taken_away
        on terms_described.post_no = terms_taken_away.post_no
        and terms_described.term_no = terms_taken_away.term_no
        and terms_described.rule = terms_taken_away.rule
        and coalesce(terms_described.span_start, -1) = terms_taken_away.place

    where terms_taken_away.post_no is null

),

conditions_of_terms as (

    select
        terms.term_no,
        terms.theme_code,
        conditions.condition,
        conditions.is_theme

    from conditions

    inner join terms
        on conditions.term_id = terms.term_id

),

terms_with_conditions as (

    select distinct
        post_no,
        term_no

    from terms_that_count

    where has_condition

),

-- by theme and word, not by term: what is not meant meets no condition ("bukan korban" is no victim who is helped)
words_of_conditions as (

    select distinct
        patterns.pattern_no,
        conditions_of_terms.theme_code,
        conditions_of_terms.term_no

    from conditions_of_terms

    inner join patterns
        on conditions_of_terms.condition = patterns.pattern
        and not patterns.is_regex

    where not conditions_of_terms.is_theme

),

word_conditions_met as (

    select distinct
        terms_with_conditions.post_no,
        terms_with_conditions.term_no

    from terms_with_conditions

    inner join words_of_conditions
        on terms_with_conditions.term_no = words_of_conditions.term_no

    inner join spans
        on terms_with_conditions.post_no = spans.post_no
        and words_of_conditions.pattern_no = spans.pattern_no

    left join excluded_spans
        on terms_with_conditions.post_no = excluded_spans.post_no
        and words_of_conditions.theme_code = excluded_spans.theme_code
        and excluded_spans.span_start < spans.span_end
        and excluded_spans.span_end > spans.span_start

    where excluded_spans.post_no is null

),

terms_that_wait_for_themes as (

    select distinct term_no
    from conditions_of_terms
    where is_theme

),

-- a theme can be a condition only when it does not itself hang on one, or terms could prop each other up
themes_without_theme_condition as (

    select distinct
        terms_that_count.post_no,
        terms_that_count.theme_code

    from terms_that_count

    left join word_conditions_met
        on terms_that_count.post_no = word_conditions_met.post_no
        and terms_that_count.term_no = word_conditions_met.term_no

    where terms_that_count.term_no not in (select term_no from terms_that_wait_for_themes)
        and (not terms_that_count.has_condition or word_conditions_met.term_no is not null)

),

-- a theme carries its parent, as a condition too
themes_that_meet_conditions as (

    select
        post_no,
        theme_code

    from themes_without_theme_condition

    union all

    select
        themes_without_theme_condition.post_no,
        parents.parent_code as theme_code

    from themes_without_theme_condition

    inner join (select distinct theme_code, parent_code from terms) as parents
        on themes_without_theme_condition.theme_code = parents.theme_code

    where parents.parent_code is not null

),

theme_conditions_met as (

    select distinct
        terms_with_conditions.post_no,
        terms_with_conditions.term_no

    from terms_with_conditions

    inner join conditions_of_terms
        on terms_with_conditions.term_no = conditions_of_terms.term_no
        and conditions_of_terms.is_theme

    inner join themes_that_meet_conditions
        on terms_with_conditions.post_no = themes_that_meet_conditions.post_no
        and conditions_of_terms.condition = themes_that_meet_conditions.theme_code

),

conditions_met as (

    select * from word_conditions_met
    union
    select * from theme_conditions_met

),

terms_whose_conditions_are_met as (

    select terms_that_count.*

    from terms_that_count

    left join conditions_met
        on terms_that_count.post_no = conditions_met.post_no
        and terms_that_count.term_no = conditions_met.term_no

    where not terms_that_count.has_condition
        or conditions_met.term_no is not null

),

hits as (

    select
        md5(concat(
            candidate_posts.post_key,
            ':',
            terms.term_id,
            ':',
            coalesce(cast(found.span_start as varchar), 'hashtag')
        )) as theme_hit_key,
        candidate_posts.post_key,
        candidate_posts.account_key,
        found.theme_code,
        terms.term_id,
        terms.term,
        found.rule,
        found.matched_text,
        terms.codebook_version,
        cast(found.span_start as bigint) as span_start,
        cast(found.span_end as bigint) as span_end,
        candidate_posts.is_repost,
        candidate_posts.posted_date,
        candidate_posts.posted_at

    from terms_whose_conditions_are_met as found

    inner join terms
        on found.term_no = terms.term_no

    inner join candidate_posts
        on found.post_no = candidate_posts.post_no

)

select * from hits
order by posted_at, post_key, span_start nulls last, term_id
