with

partner_months as (

    select * from {{ ref('fct_partner_months') }}

),

partners as (

    select * from {{ ref('fct_partners') }}
    where partner_class = 'partner'

),

interactions as (

    select * from {{ ref('fct_interactions') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

posts_by_year as (

    select
        account_key,
        cast(extract(year from posted_month) as integer) as posted_year,
        cast(sum(own_post_count) as bigint) as own_post_count,
        cast(sum(partner_post_count) as bigint) as partner_post_count,
        cast(sum(own_family_post_count) as bigint) as own_family_post_count,
        cast(sum(other_post_count) as bigint) as other_post_count,
        cast(sum(covered_days) as bigint) as covered_days,
        -- of the whole year, as in rpt_volume_years
        cast({{ days_in_year('cast(extract(year from posted_month) as integer)') }} as bigint) as calendar_days,
        count(*) filter (where coverage_status = 'observed') as observed_month_count,
        bool_or(coverage_status = 'sample') as is_sample

    from partner_months

    group by 1, 2

),

-- an organisation is its family: a second office of a known one is no new partner
first_contacts as (

    select
        account_key,
        family,
        cast(extract(year from min(first_date)) as integer) as posted_year

    from partners

    where first_date is not null

    group by 1, 2

),

new_partners_counted as (

    select
        account_key,
        posted_year,
        count(*) as new_partner_count

    from first_contacts

    group by 1, 2

),

partners_counted as (

    select
        interactions.account_key,
        cast(extract(year from interactions.posted_date) as integer) as posted_year,
        count(distinct targets.family) as partner_count

    from interactions

    inner join accounts as targets
        on interactions.target_account_key = targets.account_key

    inner join accounts as authors
        on interactions.account_key = authors.account_key

    where targets.is_registered
        and targets.family is distinct from authors.family
        and not interactions.is_self

    group by 1, 2

),

first_years as (

    select
        account_key,
        min(posted_year) as first_year

    from posts_by_year

    where own_post_count is not null

    group by 1

),

years as (

    select
        posts_by_year.account_key,
        accounts.handle,
        posts_by_year.posted_year,
        posts_by_year.own_post_count,
        posts_by_year.partner_post_count,
        posts_by_year.own_family_post_count,
        posts_by_year.other_post_count,
        case
            when not posts_by_year.is_sample
                then posts_by_year.partner_post_count / cast(nullif(posts_by_year.own_post_count, 0) as double)
        end as share_with_partner,
        case
            when posts_by_year.own_post_count is not null then coalesce(partners_counted.partner_count, 0)
        end as partner_count,
        case
            when posts_by_year.own_post_count is not null then coalesce(new_partners_counted.new_partner_count, 0)
        end as new_partner_count,
        posts_by_year.posted_year = first_years.first_year as is_first_year,
        posts_by_year.observed_month_count,
        posts_by_year.covered_days,
        posts_by_year.calendar_days,
        case
            when not posts_by_year.is_sample
                then posts_by_year.covered_days / cast(posts_by_year.calendar_days as double)
        end as coverage_share,
        case
            when posts_by_year.is_sample then 'sample'
            when posts_by_year.covered_days = 0 then 'missing'
            when posts_by_year.covered_days = posts_by_year.calendar_days then 'observed'
            else 'partial'
        end as coverage_status

    from posts_by_year

    inner join accounts
        on posts_by_year.account_key = accounts.account_key

    left join partners_counted
        on posts_by_year.account_key = partners_counted.account_key
        and posts_by_year.posted_year = partners_counted.posted_year

    left join new_partners_counted
        on posts_by_year.account_key = new_partners_counted.account_key
        and posts_by_year.posted_year = new_partners_counted.posted_year

    left join first_years
        on posts_by_year.account_key = first_years.account_key

)

select * from years
order by account_key, posted_year
