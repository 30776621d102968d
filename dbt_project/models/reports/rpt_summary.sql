with

posts as (

    select * from {{ ref('fct_posts') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

-- when others wrote is known by the month, and of months with enough of them
others_months as (

    select
        min(posted_month) as first_month,
        max(posted_month) as last_month

    from {{ ref('fct_others_months') }}

),

post_hashtags as (

    select * from {{ ref('fct_post_hashtags') }}

),

themes as (

    select * from {{ ref('dim_themes') }}

),

post_themes as (

    select * from {{ ref('fct_post_themes') }}

),

interactions as (

    select * from {{ ref('fct_interactions') }}

),

posts_counted as (

    select
        count(*) as post_count,
        count(*) filter (where posts.is_own) as own_post_count,
        -- themes are known per post for registered accounts only
        count(*) filter (where posts.is_own and accounts.is_registered) as own_registered_count,
        count(*) filter (where posts.is_repost) as reposts,
        count(distinct posts.account_key) as account_count,
        count(*) filter (where not posts.text_is_complete) as cut_text_count,
        least(min(posts.posted_date), min(others_months.first_month)) as first_date,
        greatest(max(posts.posted_date), max(others_months.last_month)) as last_date

    from posts

    left join accounts
        on posts.account_key = accounts.account_key

    cross join others_months

),

hashtags_counted as (

    select
        (select count(*) from {{ ref('dim_hashtags') }}) as hashtag_count,
        count(distinct post_key) as post_count

    from post_hashtags

),

themes_counted as (

    select
        count(distinct post_key) as with_theme,
        -- null where the study's codebook does not know these topics
        case
            when exists (
                select 1 from themes
                where theme_code in ('TOP.TIP', 'TOP.MIG')
            ) then count(distinct case when theme_code in ('TOP.TIP', 'TOP.MIG') then post_key end)
        end as with_relevant_topic

    from post_themes

    where not is_repost

),

interactions_counted as (

    select
        count(*) as interaction_count,
        count(*) filter (where accounts.is_registered) as registered_count

    from interactions

    left join accounts
        on interactions.target_account_key = accounts.account_key

    where not interactions.is_self

),

{% set figures = [
    ('posts', 'Posts', 'Every kept post once, reposts included, deleted posts left out.', 'posts_counted.post_count', none),
    ('own_posts', 'Own posts', 'Posts without reposts.', 'posts_counted.own_post_count', none),
    ('reposts', 'Reposts', 'Posts that pass on a post of somebody.', 'posts_counted.reposts', none),
    ('authors', 'Accounts that posted', 'Accounts with at least one kept post, registered or not.', 'posts_counted.account_count', none),
    ('cut_texts', 'Posts with a cut text', 'Posts whose source delivered only a part of the text: hashtags and themes may be missing there.', 'posts_counted.cut_text_count', none),
    ('first_post', 'First post', 'Day of the earliest kept post in the reporting time zone; of accounts that reports do not tell apart the first of a month that fct_others_months shows.', none, 'posts_counted.first_date'),
    ('last_post', 'Last post', 'Day of the latest kept post in the reporting time zone; of accounts that reports do not tell apart the first of a month that fct_others_months shows.', none, 'posts_counted.last_date'),
    ('hashtags', 'Different hashtags', 'Hashtags as their source marked them (from the text where it marks none), spellings folded together; of accounts that reports do not tell apart those that at least 5 of them used in a year.', 'hashtags_counted.hashtag_count', none),
    ('posts_with_hashtag', 'Posts with a hashtag', 'Posts with at least one hashtag, reposts included, of accounts that reports tell apart.', 'hashtags_counted.post_count', none),
    ('own_posts_with_theme', 'Own posts with a theme', 'Own posts of registered accounts that at least one rule of the codebook touches, of any facet.', 'themes_counted.with_theme', none),
    ('own_posts_without_theme', 'Own posts without a theme', 'Own posts of registered accounts that no rule of the codebook touches.', 'posts_counted.own_registered_count - themes_counted.with_theme', none),
    ('own_posts_without_relevant_topic', 'Own posts without a topic of trafficking or migration', 'Own posts of registered accounts with neither TOP.TIP nor TOP.MIG of the codebook.', 'posts_counted.own_registered_count - themes_counted.with_relevant_topic', none),
    ('interactions', 'Interactions', 'Mentions, replies, reposts and quotes of other accounts, once per post, target and kind.', 'interactions_counted.interaction_count', none),
    ('interactions_with_registered', 'Interactions with registered accounts', 'Those of the interactions whose target is a registered account.', 'interactions_counted.registered_count', none),
] -%}
figures as (

    {% for code, label, definition, number, day in figures -%}
    select
        {{ loop.index }} as figure_no,
        '{{ code }}' as figure_code,
        '{{ label }}' as figure_name,
        '{{ definition }}' as definition,
        cast({{ number if number else 'null' }} as bigint) as figure_value,
        cast({{ day if day else 'null' }} as date) as figure_date

    from posts_counted

    cross join hashtags_counted

    cross join themes_counted

    cross join interactions_counted
    {% if not loop.last %}
    union all

    {% endif -%}
    {% endfor %}
)

select * from figures
order by figure_no
