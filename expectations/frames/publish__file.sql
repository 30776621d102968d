-- One row: the published file as a reader opens it.
select
    'social_bi' as subject,
    (
        select count(*)
        from (values ('fct_posts'), ('fct_post_volume'), ('fct_post_hashtags'), ('fct_post_themes'), ('fct_interactions'))
            as promised (name)
        where name not in (
            select table_name from duckdb_tables() where database_name = current_database() and schema_name = 'marts'
        )
    ) as missing_fact_count,
    (
        select count(*) from duckdb_schemas()
        where database_name = current_database()
            and not internal
            and schema_name not in ('main', 'marts', 'reports', 'quality')
    )
    + (
        select count(*) from duckdb_tables() where database_name = current_database() and schema_name = 'main'
    ) as unexpected_schema_count,
    (
        select count(*) from duckdb_views() where database_name = current_database() and not internal
    ) as view_count,
    (
        select coalesce(tags['storage_version'], 'not stated') from duckdb_databases()
        where database_name = current_database()
    ) as storage_version
