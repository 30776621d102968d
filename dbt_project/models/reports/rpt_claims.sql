-- The step writes the results before its models are built, from the marts of the same candidate:
-- depends_on: {{ ref('fct_post_engagement') }}
-- depends_on: {{ ref('fct_post_volume') }}
-- depends_on: {{ ref('fct_post_volume_daily') }}
-- depends_on: {{ ref('fct_post_hashtags') }}
-- depends_on: {{ ref('fct_post_themes') }}
-- depends_on: {{ ref('fct_interactions') }}
-- depends_on: {{ ref('fct_indicators') }}

with

claim_results as (

    select * from {{ ref('stg_suara__claim_results') }}

),

claims_ordered as (

    select
        study,
        account_key,
        claims_id,
        claims_version,
        claim_id,
        spec_id,
        claim_text,
        claim_text_id,
        reading,
        reading_id,
        is_primary,
        method,
        mart,
        estimand,
        unit,
        estimate,
        ci_low,
        ci_high,
        ci_level,
        null_value,
        p_value,
        p_adjusted,
        observed_value,
        n,
        n_groups,
        effective_n,
        rho,
        covariates,
        exclusions,
        window_from,
        window_to,
        coverage_share,
        cross_checks,
        warnings,
        verdict,
        reason_code,
        verdict_text,
        verdict_text_id,
        is_fragile,
        is_primary_changed,
        seed,
        library_versions,
        data_sha256,
        spec_sha256,
        claims_sha256

    from claim_results

)

select * from claims_ordered
order by claim_id, is_primary desc, spec_id
