-- The step measures the rules of its own candidate, writes the figures, and builds this again when they say something else:
-- depends_on: {{ ref('fct_post_themes') }}

with

codebook_figures as (

    select * from {{ ref('stg_suara__codebook_figures') }}

),

-- people coded with the definitions of one version, and rules mended on a sample fit that sample: what was said of one
-- version is not said of another
figures_of_their_version as (

    select
        theme_code,
        codebook_version,
        sample_id,
        verdict,
        post_count

    from codebook_figures

    where comparison = 'coders'
        and codebook_version = sample_codebook_version

),

-- of several samples the one with the most posts coded twice, not the one with the best verdict
samples_ranked as (

    select
        theme_code,
        codebook_version,
        verdict,
        row_number() over (
            partition by theme_code, codebook_version
            order by post_count desc, sample_id
        ) as sample_order

    from figures_of_their_version

),

validation as (

    select
        theme_code,
        codebook_version,
        case when verdict in ('weak', 'usable') then verdict else 'unvalidated' end as validation_state

    from samples_ranked

    where sample_order = 1

)

select * from validation
order by theme_code, codebook_version
