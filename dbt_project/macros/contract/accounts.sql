{#- The accounts that a source names beside its posts, with their display names: what a staging model `stg_<source>__accounts` is made of.
    `tables` gives for each raw table the accounts that a record names once (`single`), each as expressions of handle, id and display
    name, and those that it names in lists (`listed`), each as the list and the three expressions over its element `a`. Of the table
    only these columns are read. -#}
{% macro delivered_accounts(tables) -%}
with

captures as (

    select * from {{ ref('stg_suara__captures') }}
    where status = 'accepted'

),

accounts_delivered as (

    {% for table, single, listed in tables -%}
    {%- set lists = [] -%}
    {%- for handle, account_id, account_name in single -%}
        {%- do lists.append(list_of([_delivered_account(handle, account_id, account_name)])) -%}
    {%- endfor -%}
    {%- for list, handle, account_id, account_name in listed -%}
        {%- do lists.append(list_map(list, 'a', _delivered_account(handle, account_id, account_name))) -%}
    {%- endfor -%}
    select
        capture_id,
        unnest({{ list_joined(lists) if lists | length > 1 else lists[0] }}) as account

    from {{ source('raw', table) }}
    {% if not loop.last %}
    union all

    {% endif -%}
    {% endfor %}
),

accounts_named as (

    select distinct
        captures.capture_id,
        captures.platform,
        account.account_id,
        account.handle,
        account.account_name

    from accounts_delivered

    inner join captures
        on accounts_delivered.capture_id = captures.capture_id

    where account.handle is not null
        and account.account_name <> ''

)

select * from accounts_named
{%- endmacro %}


{% macro _delivered_account(handle, account_id, account_name) -%}
    {{ return(struct_of([('handle', handle), ('account_id', account_id), ('account_name', account_name)])) }}
{%- endmacro %}
