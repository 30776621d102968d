with

versions as (

    select * from {{ ref('int_codebook__versions') }}
    where codebook_id in (select codebook_id from {{ ref('int_studies__selected') }})

),

codings as (

    select * from {{ ref('int_codebook__codings') }}

),

posts as (

    select
        post_key,
        account_key,
        is_repost,
        posted_date

    from {{ ref('int_posts__kept') }}

),

accounts as (

    select account_key
    from {{ ref('dim_accounts') }}
    where is_registered

),

-- a row ends with one version and another begins with the next where the two say something else of the same text; where the
-- text was edited, nobody knows which of the two changed the themes
recoded_posts as (

    select
        earlier.codebook_id,
        earlier.post_key,
        later.first_version_no as version_no,
        earlier.themes as earlier_themes,
        later.themes as later_themes

    from codings as earlier

    inner join codings as later
        on earlier.codebook_id = later.codebook_id
        and earlier.post_key = later.post_key
        and earlier.last_version_no + 1 = later.first_version_no
        and earlier.text_fingerprint is not distinct from later.text_fingerprint

    where earlier.last_version_no is not null
        and later.first_version_no > 1

),

earlier_themes as (

    select
        codebook_id,
        post_key,
        version_no,
        unnest(earlier_themes) as theme

    from recoded_posts

),

later_themes as (

    select
        codebook_id,
        post_key,
        version_no,
        unnest(later_themes) as theme

    from recoded_posts

),

themes_compared as (

    select
        coalesce(later_themes.codebook_id, earlier_themes.codebook_id) as codebook_id,
        coalesce(later_themes.post_key, earlier_themes.post_key) as post_key,
        coalesce(later_themes.version_no, earlier_themes.version_no) as version_no,
        coalesce(later_themes.theme.theme_code, earlier_themes.theme.theme_code) as theme_code,
        coalesce(later_themes.theme.first_term, earlier_themes.theme.first_term) as term,
        case when later_themes.post_key is null then 'lost' else 'gained' end as change

    from later_themes

    full outer join earlier_themes
        on later_themes.codebook_id = earlier_themes.codebook_id
        and later_themes.post_key = earlier_themes.post_key
        and later_themes.version_no = earlier_themes.version_no
        and later_themes.theme.theme_code = earlier_themes.theme.theme_code

    where later_themes.post_key is null
        or earlier_themes.post_key is null

),

theme_changes as (

    select
        themes_compared.post_key,
        posts.account_key,
        themes_compared.theme_code,
        themes_compared.codebook_id,
        earlier.codebook_version as from_codebook_version,
        later.codebook_version as to_codebook_version,
        themes_compared.change,
        themes_compared.term,
        themes_compared.version_no,
        posts.is_repost,
        posts.posted_date

    from themes_compared

    inner join versions as later
        on themes_compared.codebook_id = later.codebook_id
        and themes_compared.version_no = later.version_no

    inner join versions as earlier
        on themes_compared.codebook_id = earlier.codebook_id
        and themes_compared.version_no = earlier.version_no + 1

    inner join posts
        on themes_compared.post_key = posts.post_key

    -- of single posts only those of registered accounts are shown
    inner join accounts
        on posts.account_key = accounts.account_key

)

select * from theme_changes
order by version_no, theme_code, change, post_key
