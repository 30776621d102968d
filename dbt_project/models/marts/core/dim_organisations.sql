with

accounts as (

    select * from {{ ref('accounts') }}

),

organisations as (

    select
        md5(concat(platform, ':@', lower(handle))) as organisation_key,
        platform,
        handle,
        name as organisation_name,
        org_type,
        country,
        role,
        evidence,
        is_verified

    from accounts

)

select * from organisations
order by platform, lower(handle)
