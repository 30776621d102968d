{#- Why the posts of an account may begin where a capture was cut and not where the account began; null where nothing says so.
    `verdicts.cap` says the same of a claim, in sentences; a test compares the two.

    3,000 to 3,250: the timeline of X ends at 3,200 posts, tools stop somewhat before (3,013 to 3,238 are on record). Other
    limits are round numbers; one count in a hundred is one by chance. 0.95: counts of X hold posts that are withheld or
    gone since. 92 days: an account that was created longer before its first captured post may have posted in between. -#}
{% macro suspected_cap(reaches_begin, near, is_round, held, stated, created) -%}
    case
        when {{ reaches_begin }} or {{ held }} >= 0.95 * nullif({{ stated }}, 0) then null
        when {{ near }} then 'near_3200'
        when {{ is_round }} then 'round_count'
        when {{ stated }} > 0 then 'fewer_than_stated'
        when {{ created }} is not null then 'begins_late'
    end
{%- endmacro %}
