with

accounts as (

    select * from {{ ref('dim_accounts') }}

),

posts as (

    select * from {{ ref('fct_posts') }}

),

word_months as (

    select * from {{ ref('fct_word_months') }}

),

posts_by_account as (

    select
        account_key,
        count(*) as own_post_count

    from posts

    where is_own

    group by 1

),

-- five posts: with fewer, one shared hashtag makes two accounts alike. A hundred accounts: a tree of more cannot be
-- read, and pairs grow with the square.
accounts_compared as (

    select
        accounts.account_key,
        accounts.handle,
        posts_by_account.own_post_count

    from accounts

    inner join posts_by_account
        on accounts.account_key = posts_by_account.account_key

    where {{ has_rows_of_its_own('accounts') }}
        and posts_by_account.own_post_count >= 5

    qualify row_number() over (order by posts_by_account.own_post_count desc, accounts.account_key) <= 100

),

words_by_account as (

    select
        word_months.account_key,
        word_months.word_key,
        cast(sum(word_months.token_count) as double) as token_count

    from word_months

    inner join accounts_compared
        on word_months.account_key = accounts_compared.account_key

    where not word_months.is_stop_word

    group by 1, 2

),

vocabulary as (

    select count(distinct word_key) as word_count from words_by_account

),

accounts_measured as (

    select
        account_key,
        count(*) as word_count,
        sum(token_count) as token_count,
        sum(token_count * token_count) as square_count

    from words_by_account

    group by 1

),

words_shared as (

    select
        words_by_account.account_key,
        others.account_key as other_account_key,
        count(*) as shared_word_count,
        sum(words_by_account.token_count * others.token_count) as product_count

    from words_by_account

    inner join words_by_account as others
        on words_by_account.word_key = others.word_key
        and words_by_account.account_key < others.account_key

    group by 1, 2

),

pairs_measured as (

    select
        accounts_measured.account_key,
        others.account_key as other_account_key,
        vocabulary.word_count as vocabulary_count,
        accounts_measured.word_count,
        others.word_count as other_word_count,
        coalesce(words_shared.shared_word_count, 0) as shared_word_count,
        -- over all words of the vocabulary, those that an account does not use counted as 0
        vocabulary.word_count * coalesce(words_shared.product_count, 0)
        - accounts_measured.token_count * others.token_count as joint,
        vocabulary.word_count * accounts_measured.square_count
        - accounts_measured.token_count * accounts_measured.token_count as spread,
        vocabulary.word_count * others.square_count - others.token_count * others.token_count as other_spread

    from accounts_measured

    inner join accounts_measured as others
        on accounts_measured.account_key < others.account_key

    left join words_shared
        on accounts_measured.account_key = words_shared.account_key
        and others.account_key = words_shared.other_account_key

    cross join vocabulary

),

pairs as (

    select
        pairs_measured.account_key,
        pairs_measured.other_account_key,
        accounts_compared.handle,
        others.handle as other_handle,
        accounts_compared.own_post_count,
        others.own_post_count as other_own_post_count,
        pairs_measured.word_count,
        pairs_measured.other_word_count,
        pairs_measured.shared_word_count,
        -- 9 digits: sums of whole numbers divide alike everywhere; roots need not
        round(
            pairs_measured.joint / nullif(sqrt(pairs_measured.spread) * sqrt(pairs_measured.other_spread), 0), 9
        ) as pearson,
        pairs_measured.shared_word_count / cast(
            pairs_measured.word_count + pairs_measured.other_word_count - pairs_measured.shared_word_count as double
        ) as jaccard,
        2 * pairs_measured.shared_word_count
        / cast(pairs_measured.word_count + pairs_measured.other_word_count as double) as sorensen

    from pairs_measured

    inner join accounts_compared
        on pairs_measured.account_key = accounts_compared.account_key

    inner join accounts_compared as others
        on pairs_measured.other_account_key = others.account_key

)

select * from pairs
order by account_key, other_account_key
