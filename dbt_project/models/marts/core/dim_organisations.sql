with

accounts as (

    select * from {{ ref('int_accounts__registered') }}

),

study as (

    select * from {{ ref('int_studies__selected') }}

),

organisations as (

    select
        md5(concat(accounts.platform, ':@', lower(accounts.handle))) as organisation_key,
        accounts.account_id,
        accounts.platform,
        accounts.handle,
        accounts.name as organisation_name,
        accounts.family,
        accounts.org_type,
        accounts.country,
        -- who is focal depends on the study; everything else is the same in all of them
        case
            when accounts.platform = study.platform
                and lower(accounts.handle) = lower(study.focal_handle) then 'focal'
            else accounts.role
        end as role,
        accounts.evidence,
        accounts.is_verified

    from accounts

    cross join study

)

select * from organisations
order by platform, lower(handle)
