with

words as (

    select * from {{ ref('int_words__counted') }}

),

stems as (

    select * from {{ ref('int_words__stems') }}

),

forms_ranked as (

    select
        stems.language,
        stems.stem,
        stems.word,
        stems.is_stop_word,
        words.token_count,
        row_number() over (
            partition by stems.language, stems.stem
            order by words.token_count desc, stems.word
        ) as form_rank

    from stems

    inner join words
        on stems.word = words.word

),

words_described as (

    select
        {{ word_key('language', 'stem') }} as word_key,
        language,
        stem,
        max(case when form_rank = 1 then word end) as word,
        -- ten tell what the stem stands for; some have fifty
        string_agg(word, ', ' order by form_rank) filter (where form_rank <= 10) as forms,
        count(*) as form_count,
        cast(sum(token_count) as bigint) as token_count,
        bool_or(is_stop_word and form_rank = 1) as is_stop_word

    from forms_ranked

    group by language, stem

)

select * from words_described
order by token_count desc, word_key
