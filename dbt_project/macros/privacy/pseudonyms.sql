{#- Who may be shown, and what stands in the place of everybody else (docs/explanation/privacy.md). -#}

{#- The name of a private person: the same for the same handle in everything that one data folder publishes, and nothing to
    anybody without its key. 17 characters, so that it is no handle that X could give away (15); 40 bits: of 100,000 persons one
    pair in a hundred folders shares a name. Joins use keys, never these. -#}
{% macro pseudonym(platform, handle) -%}
    case when {{ handle }} is not null then concat('person_', left({{ keyed_hash("concat('handle:', " ~ platform ~ ", ':', lower(" ~ handle ~ "))") }}, 10)) end
{%- endmacro %}


{#- A value of a row about somebody who may be shown; null for everybody else. -#}
{% macro shown(expression, is_registered) -%}
    case when {{ is_registered }} then {{ expression }} end
{%- endmacro %}


{#- What an account calls itself; its registered name where that names somebody else or holds a number or an address. -#}
{% macro shown_account_name(account_name, registered_name) -%}
    case
        when {{ may_hold_a_name(account_name) }}
            or {{ may_hold_personal_data(account_name) }} and {{ without_personal_data(account_name) }} <> {{ account_name }}
            then {{ registered_name }}
        else {{ account_name }}
    end
{%- endmacro %}


{#- The time of a post. Of a private person's only the day: the millisecond is most of an id on X, and the second finds the post. -#}
{% macro shown_time(time, date, is_registered) -%}
    case when {{ is_registered }} then {{ time }} else {{ start_of_day(date) }} end
{%- endmacro %}


{#- Whether an account behind a post (replied to, quoted, reposted) is nobody that may be shown; false where there is none. -#}
{% macro is_private_account(account_id, handle, registered_ids, registered_handles) -%}
    (
        coalesce({{ account_id }}, {{ handle }}) is not null
        and not {{ list_holds(registered_handles, 'lower(' ~ handle ~ ')') }}
        and not {{ list_holds(registered_ids, account_id) }}
    )
{%- endmacro %}


{#- Words about records without the addresses and native ids in them: whoever may look at the captures finds the record by its place. -#}
{% macro without_ids(words) -%}
    {{ return(regex_replace_all(
        regex_replace_all(words, '(?:at|https?)://[^ ",\\]]+', '[address]'), '[0-9]{9,}', '[id]'
    )) }}
{%- endmacro %}


{#- Captures whose names of files are not shown: what their delivery is called, and the files in it, may be called after anybody. -#}
{% macro captures_without_names() -%}
    select captures.capture_id
    from {{ ref('stg_suara__captures') }} as captures
    inner join {{ ref('fct_capture_outcomes') }} as outcomes
        on captures.capture_id = outcomes.capture_id
    where captures.file_name <> outcomes.file_name
{%- endmacro %}


{#- Words of a row that may name files, joined to these captures; without them what is stated instead. -#}
{% macro unless_nameless(words, instead='null') -%}
    case when captures_without_names.capture_id is null then {{ words }} else {{ instead }} end
{%- endmacro %}


{#- Why a post went, as a capture says: readers are told, so no other word that a line may hold. -#}
{% macro reason_of_deletion(reason) -%}
    case when {{ reason }} in ('bounced', 'protected', 'suspended', 'deactivated') then {{ reason }} else 'deleted' end
{%- endmacro %}
