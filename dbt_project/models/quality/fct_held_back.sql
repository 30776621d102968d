-- what a table holds back in posts can be said where its cells do not overlap; a post may have several hashtags and themes
{% set judged = [
    ('fct_others_months', 'int_others__months', 'cast(coalesce(sum(post_count) filter (where suppression <> \'none\'), 0) as bigint)'),
    ('fct_others_hashtag_years', 'int_others__hashtag_years', 'cast(null as bigint)'),
    ('fct_others_theme_months', 'int_others__theme_months', 'cast(null as bigint)'),
] -%}
with

held_back as (

    {% for table_name, relation, held_back_post_count in judged -%}
    select
        '{{ table_name }}' as table_name,
        platform,
        count(*) filter (where suppression = 'none') as shown_cell_count,
        count(*) filter (where suppression = 'small') as small_cell_count,
        count(*) filter (where suppression = 'complementary') as complementary_cell_count,
        {{ held_back_post_count }} as held_back_post_count

    from {{ ref(relation) }}

    group by platform
    {% if not loop.last %}
    union all

    {% endif -%}
    {% endfor %}
)

select * from held_back
order by table_name, platform
