{#- Whether a report tells an account apart: registered ones, those whose export was handed over (by a pseudonym, if they are not
    registered), and the account of the study. Of everybody else a search holds a post or two: no row says anything of them
    (docs/decisions/0030-small-cells-are-held-back.md). Never null, so that its negation is everybody else. -#}
{% macro has_rows_of_its_own(accounts=none) -%}
    {%- set of = accounts ~ '.' if accounts else '' -%}
    (coalesce({{ of }}is_registered, false) or coalesce({{ of }}is_capture_owner, false) or coalesce({{ of }}is_focal, false))
{%- endmacro %}
