{#- The language that the platform states, as BCP 47. X writes the withdrawn codes `in` for Indonesian and `iw` for
    Hebrew, and codes of its own for posts that hold no language. -#}
{% macro language_tag(language) -%}
    case {{ language }}
        when 'in' then 'id'
        when 'iw' then 'he'
        when 'und' then null
        when 'qht' then null
        when 'qme' then null
        when 'qam' then null
        when 'qct' then null
        when 'qst' then null
        when 'zxx' then null
        when 'art' then null
        when '' then null
        else {{ language }}
    end
{%- endmacro %}


{#- A language where it has the form of a tag (`id`, `zh-Hant-TW`, `zh-yue`). A table or a program may write words there, and the language
    of everybody's post is shown. -#}
{% macro language_with_a_form(language) -%}
    case when {{ regex_match(language, '^[A-Za-z]{2,3}(?:-[A-Za-z]{3})?(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?$') }} then {{ language }} end
{%- endmacro %}
