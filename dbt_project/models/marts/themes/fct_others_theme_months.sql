with

cells as (

    select * from {{ ref('int_others__theme_months') }}

)

select
    platform,
    posted_month,
    theme_code,
    codebook_version,
    facet,
    own_post_count,
    account_count

from cells

-- a cell that is held back has no row: that there is one would tell what somebody wrote about in the month
where suppression = 'none'

order by platform, posted_month, theme_code
