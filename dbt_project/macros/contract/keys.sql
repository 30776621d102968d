{#- Keys are minted from native ids only, never from row numbers, and hashed with the key of the data folder: the same post has the
    same key in every warehouse of the same folder, and in no other (docs/decisions/0022). -#}
{% macro post_key(platform, post_id) -%}
    {{ keyed_hash("concat(" ~ platform ~ ", ':', " ~ post_id ~ ")") }}
{%- endmacro %}


{#- An account is its id; where a source gives only a handle, the handle stands in, marked with @; where it gives
    neither, the account is one that nobody knows. -#}
{% macro account_key(platform, account_id, handle) -%}
    {{ keyed_hash("case
            when " ~ account_id ~ " is not null then concat(" ~ platform ~ ", ':', " ~ account_id ~ ")
            when " ~ handle ~ " is not null then concat(" ~ platform ~ ", ':@', lower(" ~ handle ~ "))
            else concat(" ~ platform ~ ", ':unknown')
        end") }}
{%- endmacro %}


{#- X writes -1 for an account that it no longer knows. -#}
{% macro known_account_id(account_id) -%}
    nullif(nullif({{ account_id }}, '-1'), '')
{%- endmacro %}
