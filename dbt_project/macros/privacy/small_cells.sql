{#- Tables about private persons: who is pooled in them, and which of their cells are held back
    (docs/decisions/0030-small-cells-are-held-back.md). -#}

{#- A cell of few posts, or of few people, tells of them. -#}
{% macro is_small_cell(post_count, account_count) -%}
    ({{ post_count }} < {{ var('smallest_cell') }} or {{ account_count }} < {{ var('smallest_cell') }})
{%- endmacro %}


{#- The cells of a relation, each with its `suppression`: `none`; `small`; or `complementary`, for the cell that is held back with a
    single small one. All cells of one `family` are a sum of which all parts but one must not be known: where a single part is
    small, the smallest of the others goes with it, in the order `smallest_first`. -#}
{% macro judged_cells(cells, family, smallest_first, post_count, account_count) -%}
    select
        *,
        case
            when is_small then 'small'
            when small_count = 1 and size_rank = 1 then 'complementary'
            else 'none'
        end as suppression

    from (
        select
            *,
            count(*) filter (where is_small) over (partition by {{ family }}) as small_count,
            row_number() over (partition by {{ family }}, is_small order by {{ smallest_first }}) as size_rank

        from (
            select
                *,
                {{ is_small_cell(post_count, account_count) }} as is_small

            from {{ cells }}
        ) as cells_measured
    ) as families_judged
{%- endmacro %}
