{#- A view in the warehouse: the rows are copied once, into the published file. -#}
{{ config(materialized='view') }}

with

interactions as (

    select * from {{ ref('int_posts__interactions') }}
    where {{ is_of_the_account() }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

interactions_shown as (

    select
        interactions.interaction_key,
        interactions.post_key,
        interactions.account_key,
        interactions.target_account_key,
        targets.account_id as target_account_id,
        case when targets.is_registered then interactions.target_handle else targets.handle end as target_handle,
        interactions.platform,
        interactions.kind,
        interactions.post_kind,
        interactions.entity_source,
        interactions.is_self,
        cast(extract(year from interactions.posted_date) as integer) as posted_year,
        case when {{ has_rows_of_its_own('authors') }} then interactions.posted_date end as posted_date,
        case when {{ has_rows_of_its_own('authors') }} then {{ shown_time('interactions.posted_at', 'interactions.posted_date', 'authors.is_registered') }} end as posted_at

    from interactions

    inner join accounts as authors
        on interactions.account_key = authors.account_key

    inner join accounts as targets
        on interactions.target_account_key = targets.account_key

)

select * from interactions_shown
