with

word_months as (

    select * from {{ ref('fct_word_months') }}

),

words as (

    select * from {{ ref('dim_words') }}

),

stems as (

    select * from {{ ref('int_words__stems') }}

),

posts as (

    select
        post_key,
        account_key

    from {{ ref('int_posts__kept') }}

),

words_of_posts as (

    select * from {{ ref('int_posts__words') }}

),

words_ranked as (

    select
        account_key,
        word_key,
        sum(post_count) as post_count,
        row_number() over (
            partition by account_key
            order by sum(post_count) desc, word_key
        ) as word_rank

    from word_months

    where not is_stop_word
        and {{ regex_match('word', '\\p{L}\\p{M}*\\p{L}') }}

    group by account_key, word_key

),

-- 150 words are 11,175 pairs at most for each account
frequent_words as (

    select
        account_key,
        word_key,
        post_count

    from words_ranked

    where word_rank <= 150

),

frequent_forms as (

    select distinct
        stems.word,
        words.word_key

    from stems

    inner join words
        on stems.language = words.language
        and stems.stem = words.stem

    inner join frequent_words
        on words.word_key = frequent_words.word_key

),

texts_unnested as (

    select
        words_of_posts.post_key,
        posts.account_key,
        unnest({{ list_map('words_of_posts.tokens', 't', 't.folded') }}) as word

    from words_of_posts

    inner join posts
        on words_of_posts.post_key = posts.post_key

    inner join (select distinct account_key from frequent_words) as accounts
        on posts.account_key = accounts.account_key

),

words_of_texts as (

    select distinct
        texts_unnested.post_key,
        texts_unnested.account_key,
        frequent_forms.word_key

    from texts_unnested

    inner join frequent_forms
        on texts_unnested.word = frequent_forms.word

    inner join frequent_words
        on texts_unnested.account_key = frequent_words.account_key
        and frequent_forms.word_key = frequent_words.word_key

),

posts_counted as (

    select
        posts.account_key,
        count(*) as posts_with_words

    from words_of_posts

    inner join posts
        on words_of_posts.post_key = posts.post_key

    where {{ list_size('words_of_posts.tokens') }} > 0

    group by posts.account_key

),

pairs_counted as (

    select
        left_words.account_key,
        left_words.word_key,
        right_words.word_key as other_word_key,
        count(*) as post_count

    from words_of_texts as left_words

    inner join words_of_texts as right_words
        on left_words.post_key = right_words.post_key
        and left_words.word_key < right_words.word_key

    group by 1, 2, 3

    having count(*) >= 5

),

pairs_described as (

    select
        pairs_counted.account_key,
        pairs_counted.word_key,
        pairs_counted.other_word_key,
        left_names.word,
        right_names.word as other_word,
        pairs_counted.post_count,
        cast(left_words.post_count as bigint) as word_post_count,
        cast(right_words.post_count as bigint) as other_word_post_count,
        posts_counted.posts_with_words,
        {{ npmi(
            'pairs_counted.post_count', 'left_words.post_count', 'right_words.post_count', 'posts_counted.posts_with_words'
        ) }} as npmi

    from pairs_counted

    inner join frequent_words as left_words
        on pairs_counted.account_key = left_words.account_key
        and pairs_counted.word_key = left_words.word_key

    inner join frequent_words as right_words
        on pairs_counted.account_key = right_words.account_key
        and pairs_counted.other_word_key = right_words.word_key

    inner join posts_counted
        on pairs_counted.account_key = posts_counted.account_key

    inner join words as left_names
        on pairs_counted.word_key = left_names.word_key

    inner join words as right_names
        on pairs_counted.other_word_key = right_names.word_key

)

select * from pairs_described
order by account_key, word_key, other_word_key
