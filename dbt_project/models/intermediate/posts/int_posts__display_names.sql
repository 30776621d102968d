{#- Where texts of registered accounts hold the display name of somebody who is not, and what is done about it. -#}
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
        posts.platform,
        posts.text,
        posts.mentions,
        posts.mention_count,
        posts.reply_to_account_id,
        posts.reply_to_handle,
        posts.quoted_account_id,
        posts.quoted_handle,
        posts.reposted_account_id,
        posts.reposted_handle

    from {{ ref('int_posts__kept') }} as posts

    inner join accounts
        on posts.account_key = accounts.account_key

    where posts.text <> ''

),

text_entities as (

    select * from {{ ref('int_posts__text_entities') }}

),

names as (

    select * from {{ ref('int_accounts__display_names') }}

),

registered as (

    select * from {{ ref('int_accounts__registered') }}

),

codebook_patterns as (

    select * from {{ ref('int_codebook__patterns') }}
    where not is_regex

),

-- accounts that a post names: whoever they are, their names are looked for in it
mentions as (

    select
        post_key,
        platform,
        unnest(mentions) as mention

    from posts

    where mention_count > 0

    union all

    select
        posts.post_key,
        posts.platform,
        unnest(text_entities.mentions) as mention

    from posts

    inner join text_entities
        on posts.post_key = text_entities.post_key

    where posts.mention_count is null

),

accounts_of_posts as (

    select
        post_key,
        platform,
        mention.account_id as account_id,
        lower(mention.handle) as folded_handle

    from mentions

    {% for role in ['reply_to', 'quoted', 'reposted'] -%}
    union all

    select
        post_key,
        platform,
        {{ role }}_account_id as account_id,
        lower({{ role }}_handle) as folded_handle

    from posts

    where {{ role }}_account_id is not null
        or {{ role }}_handle is not null

    {% endfor %}
),

-- by the handle, or by the id where somebody changed the handle
names_of_accounts as (

    select
        accounts_of_posts.post_key,
        names.name,
        names.pseudonym,
        names.is_written_small

    from accounts_of_posts

    inner join names
        on accounts_of_posts.platform = names.platform
        and accounts_of_posts.folded_handle = names.folded_handle

    union

    select
        accounts_of_posts.post_key,
        names.name,
        names.pseudonym,
        names.is_written_small

    from accounts_of_posts

    inner join names
        on accounts_of_posts.platform = names.platform
        and accounts_of_posts.account_id = names.account_id

),

named_in_posts as (

    select
        post_key,
        name,
        min(pseudonym) as pseudonym,
        bool_or(is_written_small) as is_written_small

    from names_of_accounts

    group by 1, 2

),

texts_folded as (

    select
        post_key,
        {{ folded_name('text') }} as folded_text

    from posts

    where post_key in (select post_key from named_in_posts)

),

named_candidates as (

    select
        named_in_posts.post_key,
        named_in_posts.name,
        named_in_posts.pseudonym,
        named_in_posts.is_written_small

    from named_in_posts

    inner join texts_folded
        on named_in_posts.post_key = texts_folded.post_key

    where strpos(concat(' ', texts_folded.folded_text, ' '), concat(' ', named_in_posts.name, ' ')) > 0

),

-- everybody else: by the first two words of a name, so that no list of names is carried through the texts
capitalised_words as (

    select
        post_key,
        unnest({{ regex_find_all('text', capitalised_words_pattern()) }}) as words

    from posts

),

capitalised_words_folded as (

    select
        post_key,
        {{ folded_name('words') }} as folded_words

    from capitalised_words

),

capitalised_words_split as (

    select
        post_key,
        folded_words,
        {{ split_list('folded_words', ' ') }} as words

    from capitalised_words_folded

),

word_pairs as (

    select
        post_key,
        folded_words,
        unnest({{ word_pairs('words') }}) as first_words

    from capitalised_words_split

),

-- a name of several accounts is nobody's pseudonym
names_everywhere as (

    select
        name,
        first_words,
        case when count(distinct pseudonym) = 1 then min(pseudonym) else '[somebody]' end as pseudonym

    from names

    where is_looked_for_everywhere

    group by 1, 2

),

other_candidates as (

    select distinct
        word_pairs.post_key,
        names_everywhere.name,
        names_everywhere.pseudonym

    from word_pairs

    inner join names_everywhere
        on word_pairs.first_words = names_everywhere.first_words

    where strpos(concat(' ', word_pairs.folded_words, ' '), concat(' ', names_everywhere.name, ' ')) > 0

),

candidates as (

    select
        coalesce(named_candidates.post_key, other_candidates.post_key) as post_key,
        coalesce(named_candidates.name, other_candidates.name) as name,
        coalesce(named_candidates.pseudonym, other_candidates.pseudonym) as pseudonym,
        named_candidates.name is not null as is_named_account,
        coalesce(named_candidates.is_written_small, false) as is_written_small

    from named_candidates

    full outer join other_candidates
        on named_candidates.post_key = other_candidates.post_key
        and named_candidates.name = other_candidates.name

),

-- from here on only the few names that were found
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
        names_of_registered.name is not null as is_registered,
        coalesce(terms_of_names.is_term, false) as is_term,
        case
            when terms_of_names.name is not null then 'codebook'
            when {{ list_size(list_keep('names_found.words', 'w', "w in ('" ~ words_of_no_person() | join("', '") ~ "')")) }} > 0
                then 'no person'
            when {{ list_size(list_keep('names_found.words', 'w', 'not ' ~ list_holds('ordinary_words.words', 'w'))) }} = 0
                then 'ordinary words'
        end as doubt

    from names_found

    cross join ordinary_words

    left join names_of_registered
        on names_found.name = names_of_registered.name

    left join terms_of_names
        on names_found.name = terms_of_names.name

),

texts_cut as (

    select
        post_key,
        text,
        {{ regex_find_all('text', name_piece_pattern()) }} as pieces,
        {{ regex_find_all('text', name_word_pattern()) }} as words

    from posts

    where post_key in (select post_key from candidates)

),

-- all words at once; where that gives another number of words, each by itself
texts_folded_whole as (

    select
        *,
        {{ split_list(folded_name(list_as_text(list_map('words', 'w', "concat(w, ' ')"))), ' ') }} as words_folded_whole

    from texts_cut

),

texts_in_words as (

    select
        post_key,
        text,
        pieces,
        words,
        case
            when {{ list_size('words_folded_whole') }} = {{ list_size('words') }} then words_folded_whole
            else {{ list_map('words', 'w', folded_name('w')) }}
        end as folded_words

    from texts_folded_whole

),

places_found as (

    select
        texts_in_words.*,
        candidates.name,
        candidates.pseudonym,
        candidates.is_named_account,
        candidates.is_written_small,
        names_judged.is_registered,
        names_judged.is_term,
        names_judged.doubt,
        {{ list_size('names_judged.words') }} as word_count,
        unnest({{ places_of_words('texts_in_words.folded_words', 'names_judged.words') }}) as word_no

    from candidates

    inner join texts_in_words
        on candidates.post_key = texts_in_words.post_key

    inner join names_judged
        on candidates.name = names_judged.name

),

places_measured as (

    select
        *,
        {{ list_item('pieces', 'word_no') }} as first_piece,
        {{ list_item('words', 'word_no') }} as first_word,
        {{ regex_replace_all(list_item('words', 'word_no + word_count - 1'), '[\\x27’][sS]$', '') }} as last_word,
        {{ length_of_first('pieces', 'word_no') }} - length({{ list_item('words', 'word_no') }}) as place_start,
        {{ length_of_first('pieces', 'word_no + word_count - 1') }}
            - length({{ list_item('words', 'word_no + word_count - 1') }}) as last_word_start

    from places_found

),

places_judged as (

    select
        post_key,
        cast(place_start as bigint) as place_start,
        cast(last_word_start + length(last_word) as bigint) as place_end,
        name,
        pseudonym,
        is_named_account,
        is_written_small,
        case
            when is_registered then 'registered'
            when is_term then 'codebook'
            when not is_named_account then doubt
        end as left_because,
        substring(text, cast(place_start as bigint) + 1, cast(last_word_start + length(last_word) - place_start as bigint)) as spelling,
        first_word,
        last_word,
        word_count,
        right(first_piece, length(first_word) + 1) as first_word_with_sign

    from places_measured

),

places as (

    select
        post_key,
        place_start,
        place_end,
        name,
        spelling,
        pseudonym,
        left_because,
        is_named_account

    from places_judged

    -- part of a handle, a hashtag or an address; words that belong to two things
    where not {{ regex_match('first_word_with_sign', '^[@＠#＃_]') }}
        and not {{ regex_match('spelling', '[,;:!?@＠#＃/_|&()"“”\\r\\n]') }}
        -- one word only where it is written as a name; of accounts that the post does not name so is the whole name
        and case
            when word_count = 1
                then not {{ regex_match('first_word_with_sign', '^[/.]') }}
                    and (is_written_small or not {{ regex_match('first_word', '^\\p{Ll}') }})
            when is_named_account then true
            else not ({{ regex_match('first_word', '^\\p{Ll}') }} or {{ regex_match('last_word', '^\\p{Ll}') }})
                and not {{ regex_match('spelling', '[\\x27’][sS] ') }}
        end

)

select * from places
order by post_key, place_start, name
