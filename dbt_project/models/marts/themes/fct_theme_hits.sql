{#- A view: hits are copied once, into the published file. What was found in a private person's text is that text, in parts. -#}
{{ config(materialized='view') }}

with

hits as (

    select * from {{ ref('int_posts__theme_hits') }}

),

accounts as (

    select account_key
    from {{ ref('dim_accounts') }}
    where is_registered

),

texts_withheld as (

    select post_key
    from {{ ref('int_posts__masked') }}
    where is_repost_of_private

),

hits_shown as (

    select hits.*

    from hits

    inner join accounts
        on hits.account_key = accounts.account_key

    left join texts_withheld
        on hits.post_key = texts_withheld.post_key

    where texts_withheld.post_key is null

)

select * from hits_shown
