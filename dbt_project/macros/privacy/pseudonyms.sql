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


{#- What a value looks like, without what it says: a letter is x, a digit 0. A cell that was refused may hold anything, since
    columns may have moved. -#}
{% macro form_of(value) -%}
    {{ return(regex_replace_all(regex_replace_all(value, '\\p{L}', 'x'), '\\p{N}', '0')) }}
{%- endmacro %}


{#- Captures whose file is shown under another name, since its own holds somebody's handle. -#}
{% macro names_of_files() -%}
    select
        captures.capture_id,
        captures.file_name,
        outcomes.file_name as shown_file_name
    from {{ ref('stg_suara__captures') }} as captures
    inner join {{ ref('fct_capture_outcomes') }} as outcomes
        on captures.capture_id = outcomes.capture_id
    where captures.file_name <> outcomes.file_name
{%- endmacro %}


{% macro with_shown_file_name(words) -%}
    coalesce(replace({{ words }}, names_of_files.file_name, names_of_files.shown_file_name), {{ words }})
{%- endmacro %}
