with

posts as (

    select * from {{ ref('int_posts__kept') }}

),

others as (

    select
        account_key,
        platform

    from {{ ref('dim_accounts') }}

    where not {{ has_rows_of_its_own() }}

),

posts_counted as (

    select
        others.platform,
        posts.posted_month,
        posts.kind,
        count(*) as post_count,
        count(distinct posts.account_key) as account_count

    from posts

    inner join others
        on posts.account_key = others.account_key

    group by 1, 2, 3

),

-- the posts of a year can be counted in fct_posts, so all months of a year but one must not be known
cells_judged as (

    {{ judged_cells(
        'posts_counted',
        family='platform, kind, extract(year from posted_month)',
        smallest_first='post_count, posted_month',
        post_count='post_count',
        account_count='account_count'
    ) }}

)

select
    platform,
    posted_month,
    kind,
    post_count,
    account_count,
    suppression

from cells_judged

order by platform, posted_month, kind
