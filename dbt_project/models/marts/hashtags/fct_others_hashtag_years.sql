with

cells as (

    select * from {{ ref('int_others__hashtag_years') }}

)

select
    platform,
    posted_year,
    hashtag,
    own_post_count,
    account_count

from cells

-- a cell that is held back has no row: its hashtag is what must not be shown
where suppression = 'none'

order by platform, posted_year, hashtag
