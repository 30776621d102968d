{#- A view: it is copied once, into the published file. A code says of a post that it tells of a crime or of its victims; of single
    posts that is said for registered accounts only, of all others in `fct_others_theme_months`. -#}
{{ config(materialized='view') }}

with

post_themes as (

    select * from {{ ref('int_posts__themes') }}

),

accounts as (

    select account_key
    from {{ ref('dim_accounts') }}
    where is_registered

),

post_themes_shown as (

    select post_themes.*

    from post_themes

    inner join accounts
        on post_themes.account_key = accounts.account_key

)

select * from post_themes_shown
