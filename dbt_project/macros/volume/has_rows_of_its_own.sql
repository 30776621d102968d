{#- Whether a report tells an account apart: registered ones, those whose export was handed over (by a pseudonym, if they are not
    registered), and the account of the study. Of everybody else a search holds a post or two: no row says anything of them. -#}
{% macro has_rows_of_its_own(accounts=none) -%}
    {%- set of = accounts ~ '.' if accounts else '' -%}
    ({{ of }}is_registered or {{ of }}is_capture_owner or {{ of }}is_focal)
{%- endmacro %}
