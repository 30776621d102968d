{%- set patterns = codebook_patterns() -%}
{%- set word = '[\\p{L}\\p{M}\\p{Nd}_]' -%}
{%- set not_word = '[^' ~ word[1:] -%}
{%- set last_word = 'surface_word_positions.first_word + pattern_sizes.word_count - 1' -%}

with

posts as (

    select
        post_key,
        account_key,
        text,
        is_repost,
        posted_date,
        posted_at

    from {{ ref('fct_posts') }}

),

post_hashtags as (

    select * from {{ ref('fct_post_hashtags') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

themes as (

    select * from {{ ref('codebook_themes') }}

),

terms as (

    select * from {{ ref('codebook_terms') }}

),

conditions as (

    select * from {{ ref('int_codebook__conditions') }}

),

exclusions as (

    select * from {{ ref('codebook_exclusions') }}

),

patterns as (

    select * from {{ ref('int_codebook__patterns') }}

),

---------- 1. where the patterns of the codebook stand in the texts

-- one pass over every post with constant patterns; only what it keeps is looked at again
candidate_posts as (

    select
        row_number() over (order by post_key) as post_no,
        post_key,
        {{ nfc('text') }} as nfc_text

    from posts

    where {{ may_hold_a_term('lower(text)', patterns) }}

),

candidates_folded as (

    select
        post_no,
        post_key,
        nfc_text,
        {{ fold_for_matching('nfc_text') }} as folded_text

    from candidate_posts

),

-- a surface is a piece of text that looks like a pattern, with the character before it
surfaces_listed as (

    select
        post_no,
        post_key,
        nfc_text,
        folded_text,
        {% set found = [] -%}
        {%- for alternation in codebook_alternations(patterns) -%}
            {%- do found.append(regex_find_all('folded_text', alternation)) -%}
        {%- endfor -%}
        {{ list_union(found) if found else empty_list('varchar') }} as surfaces

    from candidates_folded

),

-- the different surfaces are few; which patterns lie in them, and where, is found out once for each
surfaces_unnested as (

    select unnest(surfaces) as surface
    from surfaces_listed

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

surfaces_with_patterns as (

    select distinct surface
    from surface_patterns

),

-- no step from here to the spans is read twice: a step that is read twice is kept, with its texts
surfaces_of_posts as (

    select
        post_no,
        nfc_text,
        folded_text,
        unnest(surfaces) as surface

    from surfaces_listed

),

surfaces_placed as (

    select
        surfaces_of_posts.post_no,
        surfaces_of_posts.nfc_text,
        surfaces_of_posts.folded_text,
        surfaces_of_posts.surface,
        {{ split_by('surfaces_of_posts.folded_text', 'surfaces_of_posts.surface') }} as parts

    from surfaces_of_posts

    inner join surfaces_with_patterns
        on surfaces_of_posts.surface = surfaces_with_patterns.surface

),

surface_starts as (

    select
        post_no,
        nfc_text,
        folded_text,
        surface,
        unnest({{ starts_between_parts('parts', 'surface') }}) as surface_start

    from surfaces_placed

),

patterns_placed as (

    select
        surface_starts.post_no,
        surface_starts.nfc_text,
        surface_starts.folded_text,
        surface_patterns.pattern_no,
        surface_patterns.is_wildcard,
        surface_starts.surface_start + surface_patterns.part_start as span_start,
        surface_starts.surface_start + surface_patterns.part_end as part_end

    from surface_starts

    inner join surface_patterns
        on surface_starts.surface = surface_patterns.surface

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

spans as (

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

---------- 2. what the codebook makes of them

candidate_keys as (

    select
        post_no,
        post_key

    from surfaces_listed

),

terms_of_patterns as (

    select
        terms.term_id,
        terms.kind,
        terms.case_sensitive,
        patterns.pattern_no

    from terms

    inner join patterns
        on terms.term = patterns.pattern

),

terms_in_texts as (

    select
        candidate_keys.post_key,
        terms_of_patterns.term_id,
        spans.matched_text,
        spans.span_start,
        spans.span_end

    from spans

    inner join terms_of_patterns
        on spans.pattern_no = terms_of_patterns.pattern_no
        and terms_of_patterns.kind <> 'hashtag'

    inner join candidate_keys
        on spans.post_no = candidate_keys.post_no

    -- an acronym counts in capitals only: TIP is not a tip
    where not terms_of_patterns.case_sensitive
        or {{ regex_match('spans.matched_text', '^[\\p{Lu}\\p{N}]+$') }}

),

-- the hashtags of a post are what its source says they are; the text only shows where
hashtag_places as (

    select
        candidate_keys.post_key,
        terms_of_patterns.term_id,
        min(spans.span_start) - 1 as span_start,
        min(spans.span_end) as span_end

    from spans

    inner join terms_of_patterns
        on spans.pattern_no = terms_of_patterns.pattern_no
        and terms_of_patterns.kind = 'hashtag'

    inner join candidate_keys
        on spans.post_no = candidate_keys.post_no

    where spans.character_before in ('#', '＃')

    group by 1, 2

),

terms_in_hashtags as (

    select
        post_hashtags.post_key,
        terms.term_id,
        post_hashtags.hashtag_as_written as matched_text,
        hashtag_places.span_start,
        hashtag_places.span_end

    from post_hashtags

    inner join terms
        on post_hashtags.hashtag = terms.term
        and terms.kind = 'hashtag'

    left join hashtag_places
        on post_hashtags.post_key = hashtag_places.post_key
        and terms.term_id = hashtag_places.term_id

),

terms_found as (

    select
        post_key,
        term_id,
        matched_text,
        span_start,
        span_end

    from terms_in_texts

    union all

    select
        post_key,
        term_id,
        matched_text,
        span_start,
        span_end

    from terms_in_hashtags

),

terms_described as (

    select
        terms_found.post_key,
        posts.account_key,
        terms.theme_code,
        terms_found.term_id,
        terms.term,
        terms.kind as rule,
        terms_found.matched_text,
        terms.codebook_version,
        terms.requires is not null as has_condition,
        posts.is_repost,
        terms_found.span_start,
        terms_found.span_end,
        posts.posted_date,
        posts.posted_at

    from terms_found

    inner join terms
        on terms_found.term_id = terms.term_id

    inner join themes
        on terms.theme_code = themes.theme_code

    inner join posts
        on terms_found.post_key = posts.post_key

    inner join accounts
        on posts.account_key = accounts.account_key

    -- themes of crime are coded on posts of organisations and of those who handed over their own export, nobody else's
    where not themes.is_organisations_only
        or accounts.is_registered
        or accounts.is_capture_owner

),

excluded_spans as (

    select
        candidate_keys.post_key,
        exclusions.theme_code,
        spans.span_start,
        spans.span_end

    from spans

    inner join patterns
        on spans.pattern_no = patterns.pattern_no

    inner join exclusions
        on patterns.pattern = exclusions.pattern

    inner join candidate_keys
        on spans.post_no = candidate_keys.post_no

),

terms_not_excluded as (

    select * from terms_described

    where not exists (
        select 1
        from excluded_spans
        where excluded_spans.post_key = terms_described.post_key
            and excluded_spans.theme_code = terms_described.theme_code
            and excluded_spans.span_start < terms_described.span_end
            and excluded_spans.span_end > terms_described.span_start
    )

),

words_of_conditions as (

    select distinct
        candidate_keys.post_key,
        patterns.pattern

    from spans

    inner join patterns
        on spans.pattern_no = patterns.pattern_no

    inner join conditions
        on patterns.pattern = conditions.condition

    inner join candidate_keys
        on spans.post_no = candidate_keys.post_no

),

word_conditions_met as (

    select distinct
        terms_not_excluded.post_key,
        terms_not_excluded.term_id

    from terms_not_excluded

    inner join conditions
        on terms_not_excluded.term_id = conditions.term_id

    inner join words_of_conditions
        on terms_not_excluded.post_key = words_of_conditions.post_key
        and conditions.condition = words_of_conditions.pattern

    where terms_not_excluded.has_condition
        and not conditions.is_theme

),

terms_that_wait_for_themes as (

    select distinct term_id
    from conditions
    where is_theme

),

-- a theme can be a condition only when it does not itself hang on one, or terms could prop each other up
themes_without_theme_condition as (

    select distinct
        terms_not_excluded.post_key,
        terms_not_excluded.theme_code

    from terms_not_excluded

    left join word_conditions_met
        on terms_not_excluded.post_key = word_conditions_met.post_key
        and terms_not_excluded.term_id = word_conditions_met.term_id

    left join terms_that_wait_for_themes
        on terms_not_excluded.term_id = terms_that_wait_for_themes.term_id

    where terms_that_wait_for_themes.term_id is null
        and (not terms_not_excluded.has_condition or word_conditions_met.term_id is not null)

),

-- a theme carries its parent, as a condition too
themes_that_meet_conditions as (

    select
        post_key,
        theme_code

    from themes_without_theme_condition

    union

    select
        themes_without_theme_condition.post_key,
        themes.parent_code as theme_code

    from themes_without_theme_condition

    inner join themes
        on themes_without_theme_condition.theme_code = themes.theme_code

    where themes.parent_code is not null

),

theme_conditions_met as (

    select distinct
        terms_not_excluded.post_key,
        terms_not_excluded.term_id

    from terms_not_excluded

    inner join conditions
        on terms_not_excluded.term_id = conditions.term_id

    inner join themes_that_meet_conditions
        on terms_not_excluded.post_key = themes_that_meet_conditions.post_key
        and conditions.condition = themes_that_meet_conditions.theme_code

    where terms_not_excluded.has_condition
        and conditions.is_theme

),

conditions_met as (

    select * from word_conditions_met
    union
    select * from theme_conditions_met

),

hits as (

    select
        md5(concat(
            terms_not_excluded.post_key,
            ':',
            terms_not_excluded.term_id,
            ':',
            coalesce(cast(terms_not_excluded.span_start as varchar), 'hashtag')
        )) as theme_hit_key,
        terms_not_excluded.post_key,
        terms_not_excluded.account_key,
        terms_not_excluded.theme_code,
        terms_not_excluded.term_id,
        terms_not_excluded.term,
        terms_not_excluded.rule,
        terms_not_excluded.matched_text,
        terms_not_excluded.codebook_version,
        'unvalidated' as validation_state,
        cast(terms_not_excluded.span_start as bigint) as span_start,
        cast(terms_not_excluded.span_end as bigint) as span_end,
        terms_not_excluded.is_repost,
        terms_not_excluded.posted_date,
        terms_not_excluded.posted_at

    from terms_not_excluded

    left join conditions_met
        on terms_not_excluded.post_key = conditions_met.post_key
        and terms_not_excluded.term_id = conditions_met.term_id

    where not terms_not_excluded.has_condition
        or conditions_met.term_id is not null

)

select * from hits
order by posted_at, post_key, span_start nulls last, term_id
