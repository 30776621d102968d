with

edges as (

    select * from {{ ref('fct_network_edges') }}

),

measures as (

    select * from {{ ref('int_networks__measures') }}

),

edges_counted as (

    select
        kind,
        posted_year,
        count(*) as edge_count,
        cast(sum(post_count) as bigint) as post_tie_count,
        count(distinct from_node) as sender_count

    from edges

    group by 1, 2

),

-- edges that have one in the other direction
edges_returned as (

    select
        edges.kind,
        edges.posted_year,
        count(*) as returned_edge_count

    from edges

    inner join edges as back
        on edges.kind = back.kind
        and edges.posted_year = back.posted_year
        and edges.from_node = back.to_node
        and edges.to_node = back.from_node

    group by 1, 2

),

ends as (

    select kind, posted_year, from_node as node from edges
    union all
    select kind, posted_year, to_node as node from edges

),

-- a pair that is tied in both directions has two edges, and its nodes touch both
ends_counted as (

    select
        kind,
        posted_year,
        node,
        count(*) as touched_edge_count

    from ends

    group by 1, 2, 3

),

hubs as (

    select
        kind,
        posted_year,
        max(touched_edge_count) as touched_edge_count

    from ends_counted

    group by 1, 2

),

networks_measured as (

    select
        kind,
        posted_year,
        count(*) as node_count,
        max(community) as community_count,
        max(core) as largest_core,
        max(modularity) as modularity,
        bool_or(is_approximate) as is_approximate

    from measures

    group by 1, 2

),

networks as (

    select
        edges_counted.kind,
        edges_counted.posted_year,
        networks_measured.node_count,
        edges_counted.edge_count,
        edges_counted.post_tie_count,
        case when edges_counted.kind <> 'hashtag' then edges_counted.sender_count end as sender_count,
        edges_counted.edge_count
            / (networks_measured.node_count * (networks_measured.node_count - 1.0))
            * case when edges_counted.kind = 'hashtag' then 2 else 1 end as density,
        case
            when edges_counted.kind <> 'hashtag'
                then coalesce(edges_returned.returned_edge_count, 0) / cast(edges_counted.edge_count as double)
        end as reciprocity,
        hubs.touched_edge_count / cast(edges_counted.edge_count as double) as hub_share,
        networks_measured.largest_core,
        networks_measured.community_count,
        networks_measured.modularity,
        -- 90 %: above it the shortest path of nearly every pair leads through the one node, whoever it is
        hubs.touched_edge_count / cast(edges_counted.edge_count as double) > 0.9 as is_star,
        networks_measured.is_approximate

    from edges_counted

    inner join networks_measured
        on edges_counted.kind = networks_measured.kind
        and edges_counted.posted_year = networks_measured.posted_year

    inner join hubs
        on edges_counted.kind = hubs.kind
        and edges_counted.posted_year = hubs.posted_year

    left join edges_returned
        on edges_counted.kind = edges_returned.kind
        and edges_counted.posted_year = edges_returned.posted_year

)

select
    kind,
    posted_year,
    node_count,
    edge_count,
    post_tie_count,
    sender_count,
    cast(density as double) as density,
    reciprocity,
    hub_share,
    largest_core,
    community_count,
    modularity,
    is_star,
    is_approximate

from networks

order by kind, posted_year
