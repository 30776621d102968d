-- One row: whether the reports name only accounts that are registered organisations or owners of a capture.
with

report_handles as (

    {{ report_handles }}

),

known_handles as (

    select lower(handle) as handle from marts.dim_organisations
    union
    select lower(handle) from marts.dim_accounts where is_registered or is_capture_owner or is_focal
    union
    select lower(handles.handle)
    from marts.dim_account_handles as handles
    inner join marts.dim_accounts as accounts on handles.account_key = accounts.account_key
    where accounts.is_registered or accounts.is_capture_owner or accounts.is_focal

)

select
    'social_bi' as subject,
    count(distinct handle) as report_handle_count,
    count(distinct handle) filter (
        where handle not in (select handle from known_handles where handle is not null)
    ) as unregistered_handle_count
from report_handles
