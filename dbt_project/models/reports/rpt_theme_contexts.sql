{#- As much as fits on a line on either side; a person reads some dozens of contexts of a term, not thousands. -#}
{%- set characters = 50 -%}
{%- set contexts_of_a_term = 200 -%}

with

hits as (

    select * from {{ ref('fct_theme_hits') }}
    where span_start is not null

),

-- texts of other people are shown by no report
accounts as (

    select * from {{ ref('dim_accounts') }}
    where is_registered

),

posts as (

    select
        post_key,
        text

    from {{ ref('fct_posts') }}

),

hits_shown as (

    select
        hits.*,
        accounts.handle

    from hits

    inner join accounts
        on hits.account_key = accounts.account_key

),

-- in the order of a hash: a sample, and the same one each time
hits_ordered as (

    select
        hits_shown.*,
        count(*) over (partition by term_id) as term_hit_count,
        row_number() over (partition by term_id order by theme_hit_key) as hit_order

    from hits_shown

),

hits_chosen as (

    select
        hits_ordered.*,
        -- places are those of the text in NFC
        {{ nfc('posts.text') }} as nfc_text

    from hits_ordered

    inner join posts
        on hits_ordered.post_key = posts.post_key

    where hits_ordered.hit_order <= {{ contexts_of_a_term }}

),

contexts as (

    select
        theme_hit_key,
        post_key,
        account_key,
        handle,
        theme_code,
        term_id,
        term,
        rule,
        {{ one_line('substr(nfc_text, greatest(span_start - ' ~ characters ~ ', 0) + 1, least(span_start, ' ~ characters ~ '))') }} as text_before,
        {{ one_line('substr(nfc_text, span_start + 1, span_end - span_start)') }} as matched_text,
        {{ one_line('substr(nfc_text, span_end + 1, ' ~ characters ~ ')') }} as text_after,
        codebook_version,
        term_hit_count,
        is_repost,
        posted_date

    from hits_chosen

)

select * from contexts
order by theme_code, term_id, theme_hit_key
