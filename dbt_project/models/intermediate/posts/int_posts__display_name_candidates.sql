{#- Which display names of people who are not registered stand in texts of registered accounts; what is done about them comes next. -#}
with

accounts as (

    select * from {{ ref('dim_accounts') }}
    where is_registered

),

posts as (

    select
        posts.post_key,
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

)

select * from candidates
