{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['codebook_id', 'version_no']) }}

with

terms as (

    select * from {{ ref('int_codebook__terms') }}

),

version_of_this_run as (

    select distinct
        codebook_id,
        codebook_version

    from terms

),

versions_before as (
    {% if is_incremental() %}
    select
        codebook_id,
        max(version_no) as version_no,
        max_by(codebook_version, version_no) as codebook_version

    from {{ this }}

    group by codebook_id
    {% else %}
    select
        codebook_id,
        cast(0 as integer) as version_no,
        '' as codebook_version

    from version_of_this_run

    where false
    {% endif %}
),

-- a version that comes back after another one is a change, too
versions_to_add as (

    select
        version_of_this_run.codebook_id,
        cast(coalesce(versions_before.version_no, 0) + 1 as integer) as version_no,
        version_of_this_run.codebook_version

    from version_of_this_run

    left join versions_before
        on version_of_this_run.codebook_id = versions_before.codebook_id

    where versions_before.codebook_version is null
        or versions_before.codebook_version <> version_of_this_run.codebook_version

)

select * from versions_to_add
