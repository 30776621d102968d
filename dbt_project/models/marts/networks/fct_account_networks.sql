with

edges as (

    select * from {{ ref('fct_network_edges') }}
    where kind <> 'hashtag'

),

measures as (

    select * from {{ ref('int_networks__measures') }}
    where kind <> 'hashtag'

),

networks as (

    select * from {{ ref('fct_networks') }}

),

ends as (

    select
        kind,
        posted_year,
        from_node as account_key,
        to_node as neighbour,
        0 as is_in,
        post_count

    from edges

    union all

    select
        kind,
        posted_year,
        to_node as account_key,
        from_node as neighbour,
        1 as is_in,
        post_count

    from edges

),

ends_counted as (

    select
        kind,
        posted_year,
        account_key,
        count(distinct neighbour) as degree,
        count(*) filter (where is_in = 1) as in_degree,
        count(*) filter (where is_in = 0) as out_degree,
        cast(coalesce(sum(post_count) filter (where is_in = 1), 0) as bigint) as in_strength,
        cast(coalesce(sum(post_count) filter (where is_in = 0), 0) as bigint) as out_strength

    from ends

    group by 1, 2, 3

),

account_networks as (

    select
        ends_counted.account_key,
        ends_counted.kind,
        ends_counted.posted_year,
        ends_counted.degree,
        ends_counted.in_degree,
        ends_counted.out_degree,
        ends_counted.in_strength,
        ends_counted.out_strength,
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
        on ends_counted.kind = measures.kind
        and ends_counted.posted_year = measures.posted_year
        and ends_counted.account_key = measures.node

    inner join networks
        on ends_counted.kind = networks.kind
        and ends_counted.posted_year = networks.posted_year

)

select * from account_networks
order by kind, posted_year, account_key
