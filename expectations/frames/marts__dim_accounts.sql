-- One row: whether the handles that are registered without an id are each of one account.
select
    'dim_accounts' as subject,
    (select count(*) from marts.dim_organisations) as registered_handle_count,
    (select count(*) from ({{ contested_handles }}) as handles) as contested_handle_count
