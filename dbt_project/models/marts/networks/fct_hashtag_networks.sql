with

edges as (

    select * from {{ ref('fct_network_edges') }}
    where kind = 'hashtag'

),

measures as (

    select * from {{ ref('int_networks__measures') }}
    where kind = 'hashtag'

),

networks as (

    select * from {{ ref('fct_networks') }}
    where kind = 'hashtag'

),

ends as (

    select posted_year, from_node as hashtag, post_count from edges
    union all
    select posted_year, to_node as hashtag, post_count from edges

),

ends_counted as (

    select
        hashtag,
        posted_year,
        count(*) as degree,
        cast(sum(post_count) as bigint) as strength

    from ends

    group by 1, 2

),

hashtag_networks as (

    select
        ends_counted.hashtag,
        ends_counted.posted_year,
        ends_counted.degree,
        ends_counted.strength,
        measures.betweenness,
        measures.closeness,
        measures.eigenvector,
        measures.pagerank,
        measures.core,
        measures.community,
        networks.is_star,
        networks.is_approximate

    from ends_counted

    inner join measures
        on ends_counted.posted_year = measures.posted_year
        and ends_counted.hashtag = measures.node

    inner join networks
        on ends_counted.posted_year = networks.posted_year

)

select * from hashtag_networks
order by posted_year, hashtag
