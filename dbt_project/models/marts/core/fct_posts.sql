{#- A view in the warehouse: posts are copied wide once there, in `int_posts__kept` (docs/decisions/0009), and once into the published
    file. -#}
{{ config(materialized='view') }}

with

posts as (

    select * from {{ ref('int_posts__kept') }}

),

masked_posts as (

    select
        *,
        true as is_masked

    from {{ ref('int_posts__masked') }}

),

accounts as (

    select
        account_key,
        organisation_name,
        is_registered,
        {{ has_rows_of_its_own() }} as is_told_apart

    from {{ ref('dim_accounts') }}

),

{%- set author = 'accounts.is_registered' -%}
{#- Of everybody else what finds a post again is left out: its day, its counts, its place in the file. -#}
{%- set told_apart = 'accounts.is_told_apart' -%}
{%- set reply = 'accounts.is_registered and not coalesce(masked_posts.is_reply_to_private, false)' -%}
{%- set quoted = 'accounts.is_registered and not coalesce(masked_posts.is_quote_of_private, false)' -%}
{%- set reposted = 'accounts.is_registered and not coalesce(masked_posts.is_repost_of_private, false)' -%}
{#- On Bluesky the id of a repost begins with the address of the post that it passes on. -#}
{%- set own_id = author ~ ' and not coalesce(masked_posts.is_repost_of_private and strpos(posts.post_id, posts.reposted_post_id) > 0, false)' %}

posts_shown as (

    select
        ---------- ids
        posts.post_key,
        posts.account_key,
        {{ shown('posts.capture_id', told_apart) }} as capture_id,
        {{ shown('posts.record_no', told_apart) }} as record_no,
        {{ shown('posts.post_id', own_id) }} as post_id,
        {{ shown('posts.account_id', author) }} as account_id,
        -- a thread is named after its first post, which may be anybody's
        {{ shown('posts.conversation_id', author ~ " and (
            posts.conversation_id = posts.post_id
            or posts.conversation_id = posts.reply_to_post_id and not coalesce(masked_posts.is_reply_to_private, false)
        )") }} as conversation_id,
        {{ shown('posts.reply_to_post_id', reply ~ ' and coalesce(posts.reply_to_account_id, posts.reply_to_handle) is not null') }} as reply_to_post_id,
        {{ shown('posts.reply_to_account_id', reply) }} as reply_to_account_id,
        {{ shown('posts.quoted_post_id', quoted ~ ' and coalesce(posts.quoted_account_id, posts.quoted_handle) is not null') }} as quoted_post_id,
        {{ shown('posts.quoted_account_id', quoted) }} as quoted_account_id,
        {{ shown('posts.reposted_post_id', reposted) }} as reposted_post_id,
        {{ shown('posts.reposted_account_id', reposted) }} as reposted_account_id,
        {{ shown('posts.version_group', own_id) }} as version_group,

        ---------- strings
        posts.source,
        posts.platform,
        {{ shown('posts.handle', author) }} as handle,
        {{ shown(shown_account_name('posts.account_name', 'accounts.organisation_name'), author) }} as account_name,
        posts.kind,
        posts.language,
        posts.language_source,
        {{ shown('case when masked_posts.is_masked then masked_posts.text else posts.text end', author) }} as text,
        {{ shown('posts.reply_to_handle', reply) }} as reply_to_handle,
        {{ shown('posts.quoted_handle', quoted) }} as quoted_handle,
        {{ shown('posts.reposted_handle', reposted) }} as reposted_handle,
        case when {{ author }} then posts.posted_at_precision when {{ told_apart }} then 'day' else 'year' end as posted_at_precision,
        posts.posted_at_basis,
        posts.post_id_status,

        ---------- lists
        {{ shown(hashtags_without_personal_data('case when masked_posts.is_masked then masked_posts.hashtags else posts.hashtags end'), author) }} as hashtags,
        {{ shown('case when masked_posts.is_masked then masked_posts.mentions else posts.mentions end', author) }} as mentions,
        {{ shown('case when masked_posts.is_masked then masked_posts.links else posts.links end', author) }} as links,
        {{ shown(kinds_of_media('posts.media_types'), told_apart) }} as media_types,

        ---------- numerics
        {% for metric in metric_columns() -%}
        {{ shown('posts.' ~ metric, told_apart) }} as {{ metric }},
        {% endfor -%}
        {{ shown('posts.language_confidence', told_apart) }} as language_confidence,
        {{ shown('posts.hashtag_count', told_apart) }} as hashtag_count,
        {{ shown('posts.mention_count', told_apart) }} as mention_count,
        {{ shown('posts.link_count', told_apart) }} as link_count,
        {{ shown('posts.media_count', told_apart) }} as media_count,
        {{ shown('posts.observation_count', told_apart) }} as observation_count,
        {{ shown('posts.id_time_difference_ms', author) }} as id_time_difference_ms,
        case
            when {{ author }} then coalesce(
                {%- for kind, mark in redaction_marks() %}
                masked_posts.{{ kind }}_count{{ ' + ' if not loop.last }}
                {%- endfor %}, 0)
        end as redaction_count,

        ---------- booleans
        posts.is_repost,
        posts.is_own,
        posts.text_is_complete,
        not ({{ reposted }}) as text_is_withheld,
        {{ shown('posts.is_mixed_language', told_apart) }} as is_mixed_language,

        ---------- dates and times
        cast(extract(year from posts.posted_date) as integer) as posted_year,
        {{ shown('posts.posted_date', told_apart) }} as posted_date,
        {{ shown('posts.posted_month', told_apart) }} as posted_month,
        case when {{ told_apart }} then {{ shown_time('posts.posted_at', 'posts.posted_date', author) }} end as posted_at,
        {{ shown('posts.observed_at', told_apart) }} as observed_at,
        {{ shown('posts.id_time', author) }} as id_time

    from posts

    inner join accounts
        on posts.account_key = accounts.account_key

    left join masked_posts
        on posts.post_key = masked_posts.post_key

)

select * from posts_shown
