-- One row per table of the published file or of the warehouse's published schemas.
with

row_counts as (

    {{ published_row_counts }}

),

tables as (

    select
        schema_name || '.' || table_name as name,
        schema_name,
        comment,
        has_primary_key
    from duckdb_tables()
    where database_name = current_database()

),

columns as (

    select
        schema_name || '.' || table_name as name,
        count(*) as column_count,
        count(*) filter (where trim(coalesce(comment, '')) = '') as uncommented_column_count
    from duckdb_columns()
    where database_name = current_database()
    group by 1

)

select
    row_counts.name as subject,
    row_counts.published_count,
    row_counts.warehouse_count,
    -- a table on one side only is a difference even when it is empty
    case
        when row_counts.published_count is null or row_counts.warehouse_count is null then 1
        else abs(row_counts.published_count - row_counts.warehouse_count)
    end as row_count_difference,
    case
        when tables.name is null then null
        else cast(trim(coalesce(tables.comment, '')) = '' as integer)
    end as uncommented_table_count,
    columns.column_count,
    columns.uncommented_column_count,
    case when tables.schema_name = 'marts' then cast(not tables.has_primary_key as integer) end as missing_key_count
from row_counts
left join tables on row_counts.name = tables.name
left join columns on row_counts.name = columns.name
