with

hits as (

    select * from {{ ref('int_posts__theme_hits') }}

),

themes as (

    select * from {{ ref('codebook_themes') }}

),

hits_ordered as (

    select
        hits.*,
        row_number() over (
            partition by hits.post_key, hits.theme_code
            order by hits.span_start nulls last, hits.term_id
        ) as hit_order

    from hits

),

direct as (

    select
        post_key,
        theme_code,
        codebook_version,
        account_key,
        is_repost,
        posted_date,
        posted_at,
        count(*) as hit_count,
        max(case when hit_order = 1 then term end) as first_term

    from hits_ordered

    group by post_key, theme_code, codebook_version, account_key, is_repost, posted_date, posted_at

),

-- a theme carries its parent: the codebook has two levels, and its check refuses a third
with_parents as (

    select
        direct.*,
        true as is_direct

    from direct

    union all

    select
        direct.post_key,
        themes.parent_code as theme_code,
        direct.codebook_version,
        direct.account_key,
        direct.is_repost,
        direct.posted_date,
        direct.posted_at,
        direct.hit_count,
        direct.first_term,
        false as is_direct

    from direct

    inner join themes
        on direct.theme_code = themes.theme_code
        and direct.codebook_version = themes.codebook_version

    where themes.parent_code is not null

),

post_themes as (

    select
        post_key,
        theme_code,
        account_key,
        max(coalesce(case when is_direct then first_term end, '')) as direct_term,
        min(first_term) as any_term,
        codebook_version,
        cast(sum(hit_count) as bigint) as hit_count,
        bool_or(is_direct) as is_direct,
        is_repost,
        posted_date,
        posted_at

    from with_parents

    group by post_key, theme_code, account_key, codebook_version, is_repost, posted_date, posted_at

),

post_themes_named as (

    select
        post_key,
        account_key,
        theme_code,
        coalesce(nullif(direct_term, ''), any_term) as first_term,
        codebook_version,
        hit_count,
        is_direct,
        is_repost,
        posted_date,
        posted_at

    from post_themes

)

select * from post_themes_named
order by posted_at, post_key, theme_code
