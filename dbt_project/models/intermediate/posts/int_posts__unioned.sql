{{ config(materialized='view') }}

-- depends_on: {{ ref("stg_suara__captures") }}
with

x_archive_posts as (

    select * from {{ ref('stg_x_archive__posts') }}

),

x_archive_legacy_posts as (

    select * from {{ ref('stg_x_archive_legacy__posts') }}

),

x_archive_legacy_csv_posts as (

    select * from {{ ref('stg_x_archive_legacy__csv_posts') }}

),

x_api_v2_posts as (

    select * from {{ ref('stg_x_api_v2__posts') }}

),

x_api_v11_posts as (

    select * from {{ ref('stg_x_api_v11__posts') }}

),

x_graphql_posts as (

    select * from {{ ref('stg_x_graphql__posts') }}

),

x_scrapers_posts as (

    select * from {{ ref('stg_x_scrapers__posts') }}

),

bluesky_posts as (

    select * from {{ ref('stg_bluesky__posts') }}

),

mastodon_posts as (

    select * from {{ ref('stg_mastodon__posts') }}

),

mastodon_archive_posts as (

    select * from {{ ref('stg_mastodon__archive_posts') }}

),

snscrape_posts as (

    select * from {{ ref('stg_snscrape__posts') }}

),

twarc_csv_posts as (

    select * from {{ ref('stg_twarc_csv__posts') }}

),

four_cat_posts as (

    select * from {{ ref('stg_four_cat__posts') }}

),

tcat_posts as (

    select * from {{ ref('stg_tcat__posts') }}

),

sfm_posts as (

    select * from {{ ref('stg_sfm__posts') }}

),

minet_posts as (

    select * from {{ ref('stg_minet__posts') }}

),

tweet_harvest_posts as (

    select * from {{ ref('stg_tweet_harvest__posts') }}

),

twint_posts as (

    select * from {{ ref('stg_twint__posts') }}

),

fivetran_posts as (

    select * from {{ ref('stg_fivetran__posts') }}

),

twitter_web_exporter_posts as (

    select * from {{ ref('stg_twitter_web_exporter__posts') }}

),

x_analytics_posts as (

    select * from {{ ref('stg_x_analytics__posts') }}

),

nvivo_posts as (

    select * from {{ ref('stg_nvivo__posts') }}

),

mapped_posts as (

    select * from {{ ref('stg_mapped__posts') }}

),

{% set all_sources = [
    'x_archive_posts', 'x_archive_legacy_posts', 'x_archive_legacy_csv_posts', 'x_api_v2_posts',
    'x_api_v11_posts', 'x_graphql_posts', 'x_scrapers_posts', 'bluesky_posts',
    'mastodon_posts', 'mastodon_archive_posts', 'snscrape_posts', 'mapped_posts',
    'nvivo_posts', 'x_analytics_posts', 'twarc_csv_posts', 'four_cat_posts',
    'tcat_posts', 'sfm_posts', 'minet_posts', 'tweet_harvest_posts',
    'twint_posts', 'fivetran_posts', 'twitter_web_exporter_posts',
] -%}
{#- Only the sources that accepted captures have: with all of them, planning this view cost more than reading it (the
    steps of a small run took three times as long, 2026-11-25). It is built anew in every run, after the captures. -#}
{% set columns = [] -%}
{% for column in post_contract_columns() -%}
{% do columns.append(language_with_a_form('"language"') ~ ' as "language"' if column == 'language' else column) -%}
{% endfor -%}
{% set sources = all_sources | select('in', sources_with_captures(all_sources)) | list -%}
posts_unioned as (

    {% for source in sources -%}
    select {{ columns | join(', ') }} from {{ source }}
    {% if not loop.last %}union all
    {% endif -%}
    {% endfor %}
)

select * from posts_unioned
