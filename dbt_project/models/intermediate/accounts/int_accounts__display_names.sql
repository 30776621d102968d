{#- What people are called whom nobody registered, as it is looked for in texts. -#}
{%- set sources = ['x_archive', 'x_archive_legacy', 'x_api_v2', 'x_api_v11', 'x_graphql', 'x_scrapers', 'bluesky', 'mastodon'] -%}
with

authors as (

    select
        platform,
        account_id,
        handle,
        account_name

    from {{ ref('int_posts__unioned') }}

    where handle is not null
        and account_name is not null

),

{% for source in sources -%}
{{ source }}_accounts as (

    select * from {{ ref('stg_' ~ source ~ '__accounts') }}

),

{% endfor -%}
registered_accounts as (

    select * from {{ ref('dim_accounts') }}
    where is_registered

),

registered_handles as (

    select * from {{ ref('int_accounts__registered_handles') }}

),

names_unioned as (

    select
        platform,
        account_id,
        lower(handle) as folded_handle,
        account_name

    from authors

    {% for source in sources -%}
    union all

    select
        platform,
        account_id,
        lower(handle) as folded_handle,
        account_name

    from {{ source }}_accounts

    {% endfor %}
),

names_of_handles as (

    select
        platform,
        folded_handle,
        max(account_id) as account_id,
        account_name

    from names_unioned

    group by platform, folded_handle, account_name

),

names_of_others as (

    select names_of_handles.*

    from names_of_handles

    left join registered_handles
        on names_of_handles.platform = registered_handles.platform
        and names_of_handles.folded_handle = registered_handles.folded_handle

    left join registered_accounts
        on names_of_handles.platform = registered_accounts.platform
        and names_of_handles.account_id = registered_accounts.account_id

    where registered_handles.folded_handle is null
        and registered_accounts.account_id is null

),

-- what stands behind a bar, a comma or in brackets is no name: an office, a place, a degree, a wish
names_cut as (

    select
        *,
        {{ folded_name(regex_group(
            regex_replace_all('account_name', '\\s[|-]\\s.*$', ''), '^[^\\p{L}\\p{N}]*([^|,/•–—@#:(\\[\\"“~\\n]+)', 1
        )) }} as cut_name

    from names_of_others

),

names_folded as (

    select
        *,
        {{ regex_replace_all('cut_name', '^(?:(?:' ~ titles_of_persons() | join('|') ~ ') )+', '') }} as name

    from names_cut

),

-- accounts that differ in capitals or signs only are called the same
names_split as (

    select
        platform,
        folded_handle,
        name,
        max(account_id) as account_id,
        {{ list_of_different('account_name') }} as account_names,
        {{ split_list('name', ' ') }} as words

    from names_folded

    where length({{ regex_replace_all('name', '[^\\p{L}]', '') }}) >= 3

    group by platform, folded_handle, name

),

names_judged as (

    select
        platform,
        folded_handle,
        account_id,
        name,
        {{ pseudonym('platform', 'folded_handle') }} as pseudonym,
        account_names,
        words,
        concat({{ list_item('words', 1) }}, ' ', {{ list_item('words', 2) }}) as first_words,
        {{ list_size(list_keep('account_names', 'n', 'strpos(n, name) > 0')) }} > 0 as is_written_small,
        -- two words with more than one letter: initials are no name
        {{ list_size(list_keep('words', 'w', regex_match('w', '\\p{L}.*\\p{L}'))) }} >= 2 as is_looked_for_everywhere

    from names_split

)

select * from names_judged
order by platform, folded_handle, name
