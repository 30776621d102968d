with

handles as (

    select * from {{ ref('int_accounts__handles') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

handles_shown as (

    select
        handles.account_key,
        case when accounts.is_registered then handles.folded_handle else handles.pseudonym end as folded_handle,
        case when accounts.is_registered then handles.handle else handles.pseudonym end as handle,
        {{ shown('handles.post_count', has_rows_of_its_own('accounts')) }} as post_count,
        {{ shown(shown_time('handles.first_seen_at', local_date('handles.first_seen_at', "'UTC'"), 'accounts.is_registered'), has_rows_of_its_own('accounts')) }} as first_seen_at,
        {{ shown(shown_time('handles.last_seen_at', local_date('handles.last_seen_at', "'UTC'"), 'accounts.is_registered'), has_rows_of_its_own('accounts')) }} as last_seen_at

    from handles

    inner join accounts
        on handles.account_key = accounts.account_key

)

select * from handles_shown
order by account_key, first_seen_at nulls last, folded_handle
