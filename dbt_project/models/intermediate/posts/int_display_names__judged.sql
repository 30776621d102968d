{#- What else a display name can be that was found in texts of registered accounts, and so where it is left in them. -#}
with

accounts as (

    select * from {{ ref('dim_accounts') }}
    where is_registered

),

posts as (

    select
        posts.post_key,
        posts.capture_id,
        posts.record_no,
        posts.text

    from {{ ref('int_posts__kept') }} as posts

    inner join accounts
        on posts.account_key = accounts.account_key

    where posts.text <> ''

),

candidates as (

    select * from {{ ref('int_posts__display_name_candidates') }}

),

registered as (

    select * from {{ ref('int_accounts__registered') }}

),

codebook_patterns as (

    select * from {{ ref('int_codebook__patterns') }}
    where not is_regex

),

names_found as (

    select
        name,
        {{ split_list('name', ' ') }} as words

    from candidates

    group by 1

),

words_of_names as (

    select distinct unnest(words) as word
    from names_found

),

-- Words that people write small are no names. Of large captures every so many post is asked, up to 20,000: by position in the
-- capture, so that the same posts are taken in every build.
capture_sizes as (

    select
        capture_id,
        count(*) as post_count

    from posts

    group by 1

),

words_of_posts as (

    select
        posts.post_key,
        unnest({{ regex_find_all('posts.text', name_word_pattern()) }}) as word

    from posts

    inner join capture_sizes
        on posts.capture_id = capture_sizes.capture_id

    where posts.record_no % (1 + capture_sizes.post_count // 20000) = 0
        and exists (select 1 from words_of_names)

),

words_counted as (

    select
        lower(words_of_posts.word) as word,
        count(distinct words_of_posts.post_key) as post_count,
        count(distinct words_of_posts.post_key)
            filter (where words_of_posts.word = lower(words_of_posts.word)) as small_post_count

    from words_of_posts

    inner join words_of_names
        on lower(words_of_posts.word) = words_of_names.word

    group by 1

),

ordinary_words as (

    select {{ list_of_different('word') }} as words
    from words_counted
    where small_post_count >= 3
        -- of 20 posts with the word at least one, as `house` in the posts of politicians, who write "White House" (2026-11-27)
        and small_post_count >= 0.05 * post_count

),

-- what registered accounts and organisations are called
registered_names as (

    select {{ folded_name('account_name') }} as name
    from accounts
    where account_name is not null

    union

    select {{ folded_name('name') }} as name
    from registered

    union

    select {{ folded_name("split_part(handle, '@', 1)") }} as name
    from registered

),

names_of_registered as (

    select distinct names_found.name

    from names_found

    inner join registered_names
        on strpos(concat(' ', registered_names.name, ' '), concat(' ', names_found.name, ' ')) > 0

),

-- what the codebook looks for: the name is part of a term, or a term stands in it
terms_of_names as (

    select
        names_found.name,
        bool_or(
            strpos(concat(' ', codebook_patterns.stem, ' '), concat(' ', names_found.name, ' ')) > 0
            or (
                codebook_patterns.is_wildcard
                and starts_with(names_found.name, codebook_patterns.stem)
                and {{ list_size('names_found.words') }} = codebook_patterns.word_count
            )
        ) as is_term

    from names_found

    inner join codebook_patterns
        on strpos(concat(' ', codebook_patterns.stem, ' '), concat(' ', names_found.name, ' ')) > 0
        or strpos(
            concat(' ', names_found.name, ' '),
            concat(' ', codebook_patterns.stem, case when codebook_patterns.is_wildcard then '' else ' ' end)
        ) > 0

    group by 1

),

names_judged as (

    select
        names_found.name,
        names_found.words,
        case
            when names_of_registered.name is not null then 'registered'
            when terms_of_names.is_term then 'codebook'
        end as left_because,
        case
            when terms_of_names.name is not null then 'codebook'
            when {{ list_size(list_keep('names_found.words', 'w', "w in ('" ~ words_of_no_person() | join("', '") ~ "')")) }} > 0
                then 'no person'
            when {{ list_size(list_keep('names_found.words', 'w', 'not ' ~ list_holds('ordinary_words.words', 'w'))) }} = 0
                then 'ordinary words'
        end as left_elsewhere_because

    from names_found

    cross join ordinary_words

    left join names_of_registered
        on names_found.name = names_of_registered.name

    left join terms_of_names
        on names_found.name = terms_of_names.name

)

select * from names_judged
