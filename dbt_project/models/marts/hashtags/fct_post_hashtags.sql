{#- A view in the warehouse: the rows are copied once, into the published file. -#}
{{ config(materialized='view') }}

with

hashtags as (

    select * from {{ ref('int_posts__hashtags') }}

),

accounts as (

    select
        account_key,
        is_registered

    from {{ ref('dim_accounts') }}

    -- of everybody else a rare hashtag would find the post: `fct_others_hashtag_years`
    where {{ has_rows_of_its_own() }}

),

hashtags_shown as (

    select
        hashtags.* exclude (posted_at),
        {{ shown_time('hashtags.posted_at', 'hashtags.posted_date', 'accounts.is_registered') }} as posted_at

    from hashtags

    inner join accounts
        on hashtags.account_key = accounts.account_key

)

select * from hashtags_shown
