{#- Whether an interaction is an act of the account. Whom a reposted text mentions its author mentioned: the account passed it on, which is
    its repost (docs/decisions/0040-mentions-in-reposts.md). -#}
{% macro is_of_the_account() -%}
    (kind <> 'mention' or post_kind is distinct from 'repost')
{%- endmacro %}
