with

posts as (

    select
        post_key,
        account_key,
        posted_month

    from {{ ref('int_posts__kept') }}

),

words_of_posts as (

    select * from {{ ref('int_posts__words') }}

),

stems as (

    select * from {{ ref('int_words__stems') }}

),

words as (

    select * from {{ ref('dim_words') }}

),

accounts as (

    select account_key
    from {{ ref('dim_accounts') }}
    where is_registered

),

volume as (

    select * from {{ ref('fct_post_volume') }}

),

-- the work is one of numbers: a million posts have some twenty million words
account_months_numbered as (

    select
        posts.account_key,
        posts.posted_month,
        row_number() over (order by posts.account_key, posts.posted_month) as account_month_no

    from posts

    inner join accounts
        on posts.account_key = accounts.account_key

    group by posts.account_key, posts.posted_month

),

words_numbered as (

    select
        word_key,
        language,
        stem,
        row_number() over (order by word_key) as word_no

    from words

),

word_numbers as (

    select
        stems.word,
        words_numbered.word_no

    from stems

    inner join words_numbered
        on stems.language = words_numbered.language
        and stems.stem = words_numbered.stem

),

texts as (

    select
        account_months_numbered.account_month_no,
        row_number() over () as post_no,
        {{ list_map('words_of_posts.tokens', 't', 't.folded') }} as text_words

    from words_of_posts

    inner join posts
        on words_of_posts.post_key = posts.post_key

    inner join account_months_numbered
        on posts.account_key = account_months_numbered.account_key
        and posts.posted_month = account_months_numbered.posted_month

),

texts_unnested as (

    select
        account_month_no,
        post_no,
        unnest(text_words) as word

    from texts

),

-- two forms of a word in one post are one post
words_of_texts as (

    select
        texts_unnested.account_month_no,
        texts_unnested.post_no,
        word_numbers.word_no,
        count(*) as token_count

    from texts_unnested

    inner join word_numbers
        on texts_unnested.word = word_numbers.word

    group by texts_unnested.account_month_no, texts_unnested.post_no, word_numbers.word_no

),

words_counted as (

    select
        account_month_no,
        word_no,
        count(*) as post_count,
        cast(sum(token_count) as bigint) as token_count

    from words_of_texts

    group by account_month_no, word_no

),

words_of_accounts as (

    select
        account_months_numbered.account_key,
        account_months_numbered.posted_month,
        words_counted.word_no,
        words_counted.post_count,
        words_counted.token_count,
        sum(words_counted.post_count) over (
            partition by account_months_numbered.account_key, words_counted.word_no
        ) as posts_of_account,
        cast(sum(words_counted.token_count) over (partition by words_counted.account_month_no) as bigint)
            as tokens_of_month

    from words_counted

    inner join account_months_numbered
        on words_counted.account_month_no = account_months_numbered.account_month_no

),

-- coverage and the denominator stand beside every kind of a month: take them once
months as (

    {{ months_of_volume('volume') }}

),

word_months as (

    select
        words_of_accounts.account_key,
        words.word_key,
        words.language,
        words.word,
        months.coverage_status,
        months.reporting_timezone,
        words_of_accounts.post_count,
        words_of_accounts.token_count,
        months.own_posts_of_month,
        words_of_accounts.tokens_of_month,
        words_of_accounts.post_count / cast(nullif(months.own_posts_of_month, 0) as double) as share_of_own_posts,
        months.covered_days,
        months.calendar_days,
        months.coverage_share,
        words.is_stop_word,
        words_of_accounts.posted_month

    from words_of_accounts

    inner join words_numbered
        on words_of_accounts.word_no = words_numbered.word_no

    inner join words
        on words_numbered.word_key = words.word_key

    inner join months
        on words_of_accounts.account_key = months.account_key
        and words_of_accounts.posted_month = months.posted_month

    -- Half of all words are used once: slips, names, numbers. A word of fewer than 5 posts tells nothing of a month, and
    -- may tell something of a person.
    where words_of_accounts.posts_of_account >= 5

)

select * from word_months
order by account_key, posted_month, word_key
