{#- X ids at or above 2^35 carry their own time since 2010-11-04; smaller ids were counted up and carry none. Nor does an id
    in scientific notation, which a cast takes for a number. -#}
{% macro has_time_in_id(post_id) -%}
    (try_cast({{ post_id }} as bigint) >= 34359738368 and not contains(upper({{ post_id }}), 'E'))
{%- endmacro %}


{% macro time_in_id(post_id) -%}
    case
        when {{ has_time_in_id(post_id) }}
            then {{ timestamp_from_epoch_ms('(try_cast(' ~ post_id ~ ' as bigint) >> 22) + 1288834974657') }}
    end
{%- endmacro %}


{#- Archives print the posts from before ids carried a time at exactly midnight UTC where the time of day is lost (5,723 of
    79,623 in one account): there the day is all that is known. -#}
{% macro x_time_precision(posted_at, post_id) -%}
    case
        when
            not {{ has_time_in_id(post_id) }}
            and {{ epoch_ms_from_timestamp(posted_at) }} % 86400000 = 0
            then 'day'
        when {{ epoch_ms_from_timestamp(posted_at) }} % 1000 <> 0 then 'millisecond'
        else 'second'
    end
{%- endmacro %}


{#- A stated time that is off by a time zone: by whole quarter hours but for a minute, 14 hours at most. -#}
{% macro is_zone_shift(difference_ms, quarter_hours) -%}
    (
        {{ quarter_hours }} <> 0
        and {{ quarter_hours }} between -56 and 56
        and abs({{ difference_ms }} - {{ quarter_hours }} * 900000) <= 60000
    )
{%- endmacro %}
