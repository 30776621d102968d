{#- Of some names of staging posts (`<source>_posts`), those whose source has an accepted capture in this warehouse; all of
    them while nothing can be asked, the first where no source has one. -#}
{% macro sources_with_captures(names) -%}
    {%- set captures = ref('stg_suara__captures') -%}
    {%- if not execute or adapter.get_relation(captures.database, captures.schema, captures.identifier) is none -%}
        {{ return(names) }}
    {%- endif -%}
    {%- set rows = run_query("select distinct source from " ~ captures ~ " where status = 'accepted'").rows -%}
    {%- set found = [] -%}
    {%- for name in names -%}
        {%- for row in rows if name.startswith(row[0] ~ '_') and name not in found -%}
            {%- do found.append(name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found or [names[0]]) }}
{%- endmacro %}
