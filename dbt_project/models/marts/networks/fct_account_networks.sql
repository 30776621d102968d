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

accounts as (

    select account_key from {{ ref('dim_accounts') }}
    where {{ has_rows_of_its_own() }}

),

-- everybody is measured and has a place; the rows are of those that reports tell apart
measures_ranked as (

    select
        *,
        rank() over (partition by kind, posted_year order by pagerank desc) as pagerank_rank,
        rank() over (partition by kind, posted_year order by betweenness desc) as betweenness_rank,
        rank() over (partition by kind, posted_year order by closeness desc) as closeness_rank

    from measures

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
        measures_ranked.betweenness,
        measures_ranked.closeness,
        measures_ranked.eigenvector,
        measures_ranked.pagerank,
        measures_ranked.core,
        measures_ranked.community,
        measures_ranked.pagerank_rank,
        measures_ranked.betweenness_rank,
        measures_ranked.closeness_rank,
        networks.is_star,
        networks.is_approximate

    from ends_counted

    inner join accounts
        on ends_counted.account_key = accounts.account_key

    inner join measures_ranked
        on ends_counted.kind = measures_ranked.kind
        and ends_counted.posted_year = measures_ranked.posted_year
        and ends_counted.account_key = measures_ranked.node

    inner join networks
        on ends_counted.kind = networks.kind
        and ends_counted.posted_year = networks.posted_year

)

select * from account_networks
order by kind, posted_year, account_key
