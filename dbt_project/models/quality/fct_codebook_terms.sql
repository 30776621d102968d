{#- A term that speaks for most of a theme makes the theme's share a count of that term. Below 20 posts one post moves the
    share by five points or more, so nothing is said. -#}
{%- set dominant_share = 0.6 -%}
{%- set dominant_from_posts = 20 -%}
{#- A stem with more words than a person reads through is found in words that nobody meant. -#}
{%- set most_words_of_a_wildcard = 200 -%}

with

terms as (

    select * from {{ ref('int_codebook__terms') }}

),

themes as (

    select * from {{ ref('dim_themes') }}

),

hits as (

    select * from {{ ref('fct_theme_hits') }}

),

posts as (

    select
        post_key,
        language
    from {{ ref('int_posts__kept') }}

),

hits_with_language as (

    select
        hits.term_id,
        hits.theme_code,
        hits.post_key,
        {{ fold('hits.matched_text') }} as matched_word,
        hits.is_repost,
        posts.language

    from hits

    inner join posts
        on hits.post_key = posts.post_key

),

hits_by_term as (

    select
        term_id,
        count(*) as hit_count,
        count(distinct post_key) as post_count,
        count(distinct case when not is_repost then post_key end) as own_post_count,
        count(distinct matched_word) as matched_word_count,
        count(distinct language) as post_language_count

    from hits_with_language

    group by term_id

),

posts_by_theme as (

    select
        theme_code,
        count(distinct post_key) as theme_post_count

    from hits_with_language

    group by theme_code

),

term_languages_by_theme as (

    select
        terms.theme_code,
        count(distinct terms.language) as term_language_count,
        max(terms.language) as last_language

    from terms

    inner join hits_by_term
        on terms.term_id = hits_by_term.term_id

    group by terms.theme_code

),

terms_placed as (

    select
        terms.*,
        themes.parent_code,
        themes.facet

    from terms

    inner join themes
        on terms.theme_code = themes.theme_code

),

-- the same term in two themes of one parent, or in a theme and its parent: as `suara codebook check` warns
sibling_duplicates as (

    select
        terms_placed.term_id,
        min(others.theme_code) as sibling_theme_code

    from terms_placed

    inner join terms_placed as others
        on terms_placed.term = others.term
        and terms_placed.facet = others.facet
        and terms_placed.theme_code <> others.theme_code
        and (terms_placed.kind = 'hashtag') = (others.kind = 'hashtag')
        and (
            coalesce(terms_placed.parent_code, '') = coalesce(others.parent_code, '')
            or terms_placed.parent_code = others.theme_code
            or others.parent_code = terms_placed.theme_code
        )

    group by terms_placed.term_id

),

terms_measured as (

    select
        terms.term_id,
        terms.theme_code,
        terms.term,
        terms.kind as rule,
        terms.language as term_language,
        terms.codebook_version,
        sibling_duplicates.sibling_theme_code,
        coalesce(hits_by_term.hit_count, 0) as hit_count,
        coalesce(hits_by_term.post_count, 0) as post_count,
        coalesce(hits_by_term.own_post_count, 0) as own_post_count,
        coalesce(hits_by_term.matched_word_count, 0) as matched_word_count,
        coalesce(hits_by_term.post_language_count, 0) as post_language_count,
        coalesce(posts_by_theme.theme_post_count, 0) as theme_post_count,
        coalesce(hits_by_term.post_count, 0) / cast(posts_by_theme.theme_post_count as double) as share_of_theme_posts,
        -- names and acronyms belong to no language: a theme found by one of them is found in every language
        coalesce(
            term_languages_by_theme.term_language_count = 1 and term_languages_by_theme.last_language <> 'mul', false
        ) as is_theme_in_one_language

    from terms

    left join hits_by_term
        on terms.term_id = hits_by_term.term_id

    left join posts_by_theme
        on terms.theme_code = posts_by_theme.theme_code

    left join term_languages_by_theme
        on terms.theme_code = term_languages_by_theme.theme_code

    left join sibling_duplicates
        on terms.term_id = sibling_duplicates.term_id

),

terms_judged as (

    select
        term_id,
        theme_code,
        term,
        rule,
        term_language,
        codebook_version,
        sibling_theme_code,
        hit_count,
        post_count,
        own_post_count,
        matched_word_count,
        post_language_count,
        theme_post_count,
        share_of_theme_posts,
        hit_count = 0 as is_without_hit,
        coalesce(
            theme_post_count >= {{ dominant_from_posts }} and share_of_theme_posts > {{ dominant_share }}, false
        ) as is_most_of_theme,
        is_theme_in_one_language,
        rule = 'wildcard' and matched_word_count > {{ most_words_of_a_wildcard }} as is_exploding_wildcard,
        sibling_theme_code is not null as is_sibling_duplicate

    from terms_measured

)

select * from terms_judged
order by theme_code, term_id
