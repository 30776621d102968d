def model(dbt, session):
    from orchestration.networks.tables import measures_of_networks

    dbt.config(materialized="table")
    return measures_of_networks(session, dbt.ref("fct_network_edges"))
