{#- Who may be shown, and what stands in the place of everybody else (docs/explanation/privacy.md). -#}

{#- The name of a private person: the same for the same handle in everything that one data folder publishes, and nothing to
    anybody without its key. 17 characters, so that it is no handle that X could give away (15); 40 bits: of 100,000 persons one
    pair in a hundred folders shares a name. Joins use keys, never these. -#}
{% macro pseudonym(platform, handle) -%}
    concat('person_', left({{ keyed_hash("concat('handle:', " ~ platform ~ ", ':', lower(" ~ handle ~ "))") }}, 10))
{%- endmacro %}


{#- A value of a row about somebody who may be shown; null for everybody else. -#}
{% macro shown(expression, is_registered) -%}
    case when {{ is_registered }} then {{ expression }} end
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
