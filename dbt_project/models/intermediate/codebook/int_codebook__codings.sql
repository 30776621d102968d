{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['codebook_id', 'post_key', 'first_version_no'],
        pre_hook="{% if is_incremental() %}delete from {{ this }} where post_key not in (select post_key from {{ ref('int_posts__kept') }}){% endif %}"
    )
}}

{#- What earlier versions of the codebook made of a post cannot be built again: their rules are gone. So this table remembers,
    and a row is written only where something changed: a post that is coded alike by ten versions is one row. Nothing of a
    post that is deleted stays: the hook before takes it out, of every version. -#}

with

posts as (

    select
        post_key,
        {{ text_fingerprint('text') }} as text_fingerprint

    from {{ ref('int_posts__kept') }}

),

post_themes as (

    select
        post_key,
        {{ list_collected(struct_of([('theme_code', 'theme_code'), ('first_term', 'first_term')])) }} as themes

    from {{ ref('int_posts__themes') }}

    group by post_key

),

version_of_this_run as (

    select
        versions.codebook_id,
        max(versions.version_no) as version_no

    from {{ ref('int_codebook__versions') }} as versions

    where versions.codebook_id in (select codebook_id from {{ ref('int_studies__selected') }})

    group by versions.codebook_id

),

codings_of_this_run as (

    select
        version_of_this_run.codebook_id,
        posts.post_key,
        version_of_this_run.version_no,
        posts.text_fingerprint,
        post_themes.themes

    from posts

    cross join version_of_this_run

    left join post_themes
        on posts.post_key = post_themes.post_key

),

codings_before as (
    {% if is_incremental() %}
    select * from {{ this }}
    where last_version_no is null
        and codebook_id in (select codebook_id from version_of_this_run)
    {% else %}
    select
        codebook_id,
        post_key,
        version_no as first_version_no,
        version_no as last_version_no,
        text_fingerprint,
        themes

    from codings_of_this_run

    where false
    {% endif %}
),

codings_compared as (

    select
        codings_of_this_run.codebook_id,
        codings_of_this_run.post_key,
        codings_of_this_run.version_no,
        codings_of_this_run.text_fingerprint,
        codings_of_this_run.themes,
        codings_before.first_version_no as first_version_no_before,
        codings_before.text_fingerprint as text_fingerprint_before,
        codings_before.themes as themes_before

    from codings_of_this_run

    left join codings_before
        on codings_of_this_run.post_key = codings_before.post_key

    where codings_before.post_key is null
        or codings_of_this_run.text_fingerprint is distinct from codings_before.text_fingerprint
        or codings_of_this_run.themes is distinct from codings_before.themes

),

-- what this version says of the post; it takes the place of what the same version said of it before
codings_to_write as (

    select
        codebook_id,
        post_key,
        version_no as first_version_no,
        cast(null as integer) as last_version_no,
        text_fingerprint,
        themes

    from codings_compared

    union all

    -- what an earlier version said of it was last true before this version
    select
        codebook_id,
        post_key,
        first_version_no_before as first_version_no,
        version_no - 1 as last_version_no,
        text_fingerprint_before as text_fingerprint,
        themes_before as themes

    from codings_compared

    where first_version_no_before < version_no

)

select * from codings_to_write
