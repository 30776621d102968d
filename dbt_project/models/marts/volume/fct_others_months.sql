with

cells as (

    select * from {{ ref('int_others__months') }}

)

select
    platform,
    posted_month,
    kind,
    post_count,
    account_count

from cells

-- a cell that is held back has no row: that there is one would tell of at least one post in the month
where suppression = 'none'

order by platform, posted_month, kind
