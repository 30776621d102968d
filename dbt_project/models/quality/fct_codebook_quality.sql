-- The step before wrote the figures, from the marts of its own candidate:
-- depends_on: {{ ref('fct_post_themes') }}

with

codebook_figures as (

    select * from {{ ref('stg_suara__codebook_figures') }}

),

figures_ordered as (

    select
        theme_code,
        sample_id,
        theme_name,
        facet,
        codebook_version,
        sample_codebook_version,
        comparison,
        verdict,
        reason,
        coder_count,
        disputed_count,
        post_count,
        positive_count,
        covered_share,
        agreement,
        agreement_low,
        agreement_high,
        kappa,
        kappa_low,
        kappa_high,
        alpha,
        alpha_low,
        alpha_high,
        ac1,
        ac1_low,
        ac1_high,
        "precision",
        precision_low,
        precision_high,
        recall,
        recall_low,
        recall_high,
        f1,
        f1_low,
        f1_high

    from codebook_figures

)

select * from figures_ordered
order by theme_code, codebook_version, sample_id, comparison
