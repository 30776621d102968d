{#- Every row of a staged source has a key of its own, what no post can lack, and only words of the contract.
    One test of each source, not three: with twenty sources the others were 46 of 217 tests, and each costs a run
    35 ms in dbt alone on empty tables (48 tests, 1.7 s; 2026-11-26). -#}
{% test keeps_the_post_contract(model, written_source, precisions, reposts_may_lack_text=false) %}
    {%- set required = [
        'capture_id', 'record_no', 'source', 'platform', 'post_id', 'posted_at', 'posted_at_precision', 'kind'
    ] %}

    with

    judged as (

        select
            capture_id,
            record_no,
            case
                {%- for column in required %}
                when {{ column }} is null then '{{ column }} is missing'
                {%- endfor %}
                when text is null{{ " and kind <> 'repost'" if reposts_may_lack_text }} then 'text is missing'
                when source <> '{{ written_source }}' then 'source is ' || source
                when kind not in ('original', 'reply', 'self_reply', 'quote', 'repost') then 'kind is ' || kind
                when posted_at_precision not in ('{{ precisions | join("', '") }}')
                    then 'posted_at_precision is ' || posted_at_precision
            end as problem

        from {{ model }}

    ),

    repeated as (

        select
            capture_id,
            record_no,
            count(*) || ' rows of this record' as problem

        from judged

        group by 1, 2

        having count(*) > 1

    )

    select * from judged
    where problem is not null

    union all

    select * from repeated

{% endtest %}
