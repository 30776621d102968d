{#- A view: no text is copied. -#}
{{ config(materialized='view') }}

with

posts as (

    select * from {{ ref('int_posts__kept') }}

),

masked_posts as (

    select * from {{ ref('int_posts__masked') }}

),

accounts as (

    select
        account_key,
        is_registered

    from {{ ref('dim_accounts') }}

),

-- what is published is read as it is published, so that places in it are true; of what is not, only counts get further
texts as (

    select
        posts.post_key,
        posts.account_key,
        posts.is_own,
        posts.is_repost,
        posts.text_is_complete,
        accounts.is_registered and not coalesce(masked_posts.is_repost_of_private, false) as is_shown,
        posts.posted_date,
        {{ shown_time('posts.posted_at', 'posts.posted_date', 'accounts.is_registered') }} as posted_at,
        coalesce(masked_posts.text, posts.text) as text

    from posts

    inner join accounts
        on posts.account_key = accounts.account_key

    left join masked_posts
        on posts.post_key = masked_posts.post_key

)

select * from texts
