with

posts as (

    select
        fct_posts.post_key,
        -- `en-GB` is English
        coalesce(lower(split_part(fct_posts.language, '-', 1)), 'und') as language

    from {{ ref('int_posts__kept') }} as fct_posts

    inner join {{ ref('dim_accounts') }} as dim_accounts
        on fct_posts.account_key = dim_accounts.account_key

    -- a private person's words are counted nowhere (docs/explanation/privacy.md)
    where dim_accounts.is_registered

),

words_of_posts as (

    select * from {{ ref('int_posts__words') }}

),

words_unnested as (

    select
        posts.language,
        unnest({{ list_map('words_of_posts.tokens', 't', 't.folded') }}) as word

    from words_of_posts

    inner join posts
        on words_of_posts.post_key = posts.post_key

),

words_of_languages as (

    select
        word,
        language,
        count(*) as token_count

    from words_unnested

    group by word, language

),

-- a word belongs to the language in which it is used most; posts of no known language decide only where no other does
words_counted as (

    select
        word,
        min_by(language, (language = 'und', -token_count, language)) as language,
        cast(sum(token_count) as bigint) as token_count

    from words_of_languages

    group by word

)

select * from words_counted
order by word
