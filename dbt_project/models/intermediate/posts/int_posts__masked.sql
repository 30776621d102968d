{#- What may be published of a post, where that is not what was delivered: posts of registered accounts that name somebody else or
    hold personal data. Of all other posts of registered accounts the kept row is what is published, and of private persons' posts
    nothing of this is; so no text is copied that stands somewhere else. -#}
with

posts as (

    select * from {{ ref('int_posts__kept') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}
    where is_registered

),

registered_handles as (

    select * from {{ ref('int_accounts__registered_handles') }}

),

names_of_platforms as (

    select
        platform,
        {{ list_of_different('folded_handle') }} as handles

    from registered_handles

    group by 1

),

ids_of_platforms as (

    select
        platform,
        {{ list_of_different('account_id') }} as account_ids

    from accounts

    where account_id is not null

    group by 1

),

-- a link leads to any platform; a server of Mastodon is named in its own address
names_everywhere as (

    select {{ list_of_different("split_part(folded_handle, '@', 1)") }} as names
    from registered_handles

),

-- Names that lie over each other are one place, and the first and longest of them stands for it.
places_of_names as (

    select
        post_key,
        place_start,
        place_end,
        pseudonym,
        place_start >= coalesce(max(place_end) over (
            partition by post_key
            order by place_start, place_end desc, pseudonym
            rows between unbounded preceding and 1 preceding
        ), 0) as is_first

    from {{ ref('int_posts__display_names') }}

    where left_because is null

),

places_numbered as (

    select
        *,
        count(*) filter (where is_first) over (
            partition by post_key
            order by place_start, place_end desc, pseudonym
            rows between unbounded preceding and current row
        ) as place_no

    from places_of_names

),

places_joined as (

    select
        post_key,
        place_no,
        min(place_start) as place_start,
        max(place_end) as place_end,
        max(pseudonym) filter (where is_first) as replacement

    from places_numbered

    group by 1, 2

),

names_of_posts as (

    select
        post_key,
        {{ list_collected(struct_of([
            ('place_start', 'place_start'), ('place_end', 'place_end'), ('replacement', 'replacement'),
        ])) }} as places

    from places_joined

    group by 1

),

-- Only numbers and a look at the text so far: the lists of names are not carried through posts that hold nothing.
posts_in_question as (

    select
        posts.*,
        names_of_posts.places,
        {{ may_hold_personal_data('posts.text') }} as may_hold_personal_data,
        {{ may_hold_a_profile_link('posts.text') }} as may_hold_a_link,
        {{ may_hold_a_name('posts.text') }} as may_hold_a_name,
        posts.mention_count > 0 as has_mentions,
        posts.link_count > 0 and {{ may_lead_to_a_person(
            list_as_text(list_map('posts.links', 'link', "concat(' ', link.url, ' ', link.expanded_url)"))
        ) }} as has_links

    from posts

    inner join accounts
        on posts.account_key = accounts.account_key

    left join names_of_posts
        on posts.post_key = names_of_posts.post_key

    where coalesce(
        posts.reply_to_account_id, posts.reply_to_handle, posts.quoted_account_id, posts.quoted_handle
    ) is not null
        or posts.is_repost
        or may_hold_personal_data
        or may_hold_a_link
        or may_hold_a_name
        or has_mentions
        or has_links
        or places is not null

),

posts_of_registered as (

    select
        posts.post_key,
        posts.capture_id,
        posts.platform,
        posts.post_id,
        posts.text,
        posts.places,
        posts.hashtags,
        posts.mentions,
        posts.links,
        coalesce(names_of_platforms.handles, {{ empty_list('varchar[]') }}) as handles,
        coalesce(ids_of_platforms.account_ids, {{ empty_list('varchar[]') }}) as account_ids,
        names_everywhere.names,
        {{ is_private_account('posts.reply_to_account_id', 'posts.reply_to_handle', 'account_ids', 'handles') }} as is_reply_to_private,
        {{ is_private_account('posts.quoted_account_id', 'posts.quoted_handle', 'account_ids', 'handles') }} as is_quote_of_private,
        -- a repost is the text of its original; of an author that nobody names nothing is known
        posts.is_repost and (
            {{ is_private_account(
                'posts.reposted_account_id',
                "coalesce(posts.reposted_handle, " ~ regex_group('posts.text', '^RT [@＠]([A-Za-z0-9_]+)', 1) ~ ")",
                'account_ids', 'handles'
            ) }}
            or coalesce(
                posts.reposted_account_id,
                posts.reposted_handle,
                {{ regex_group('posts.text', '^RT [@＠]([A-Za-z0-9_]+)', 1) }}
            ) is null
        ) as is_repost_of_private,
        posts.may_hold_personal_data,
        posts.may_hold_a_link,
        posts.may_hold_a_name,
        posts.has_mentions,
        posts.has_links

    from posts_in_question as posts

    left join names_of_platforms
        on posts.platform = names_of_platforms.platform

    left join ids_of_platforms
        on posts.platform = ids_of_platforms.platform

    cross join names_everywhere

),

posts_looked_at as (

    select * from posts_of_registered

    where is_reply_to_private
        or is_quote_of_private
        or is_repost_of_private
        or may_hold_personal_data
        or may_hold_a_link
        or may_hold_a_name
        or has_mentions
        or has_links
        or places is not null

),

-- Addresses are masked as rows: inside a list every pattern is compiled again for every few of them (300,000 posts with 49,186 links,
-- the whole model with the start of dbt: 9 instead of 34 s of CPU, 2026-11-27).
addresses as (

    select distinct
        post_key,
        platform,
        post_id,
        unnest({{ list_joined([list_map('links', 'link', 'link.url'), list_map('links', 'link', 'link.expanded_url')]) }}) as address

    from posts_looked_at

    where has_links
        and not is_repost_of_private

),

addresses_masked as (

    select
        addresses.post_key,
        addresses.address,
        {{ masked_address(
            'addresses.address', 'addresses.platform', 'addresses.post_id',
            "coalesce(names_of_platforms.handles, " ~ empty_list('varchar[]') ~ ")", 'names_everywhere.names'
        ) }} as masked_address

    from addresses

    left join names_of_platforms
        on addresses.platform = names_of_platforms.platform

    cross join names_everywhere

    where {{ may_lead_to_a_person('addresses.address') }}

    -- a fence: without it the filter on the masked addresses masks them once more
    offset 0

),

addresses_of_posts as (

    select
        post_key,
        {{ list_collected(struct_of([('address', 'address'), ('masked_address', 'masked_address')])) }} as addresses

    from addresses_masked

    where masked_address <> address

    group by 1

),

display_names_masked as (

    select
        posts_looked_at.*,
        addresses_of_posts.addresses as addresses_masked,
        case when places is not null then {{ with_replaced_places('text', 'places') }} else text end as text_without_display_names

    from posts_looked_at

    left join addresses_of_posts
        on posts_looked_at.post_key = addresses_of_posts.post_key

    where not posts_looked_at.is_repost_of_private

),

numbers_masked as (

    select
        *,
        case
            when may_hold_personal_data then {{ without_personal_data('text_without_display_names') }}
            else text_without_display_names
        end as text_without_numbers,
        case
            when addresses_masked is not null then {{ list_map('links', 'link', struct_of([
                ('url', masked_in('addresses_masked', 'link.url')),
                ('expanded_url', masked_in('addresses_masked', 'link.expanded_url')),
            ])) }}
            else links
        end as links_masked,
        case
            when has_mentions then {{ list_map('mentions', 'm', "
                case
                    when " ~ is_private_account('m.account_id', 'm.handle', 'account_ids', 'handles') ~ " then " ~ struct_of([
                        ('handle', pseudonym('platform', 'm.handle')),
                        ('account_id', 'cast(null as varchar)'),
                        ('start', 'm."start"'),
                        ('end', 'm."end"'),
                    ]) ~ "
                    else m
                end
            ") }}
            else mentions
        end as mentions_masked

    from display_names_masked

),

-- the short address of a link to a person leads to the person, too
links_masked as (

    select
        *,
        case
            when may_hold_a_link
                then {{ with_masked_links('text_without_numbers', 'platform', 'post_id', 'names') }}
            else text_without_numbers
        end as text_without_links,
        {{ list_map('links', 'link', 'link.url') }} as addresses

    from numbers_masked

),

names_masked as (

    select
        *,
        case
            when may_hold_a_name
                then {{ without_quoted_words(with_masked_mentions('text_without_links', 'platform', 'handles', 'names')) }}
            else text_without_links
        end as text_without_names

    from links_masked

),

short_links_masked as (

    select
        post_key,
        capture_id,
        text,
        hashtags,
        mentions,
        links,
        mentions_masked,
        links_masked,
        coalesce({{ list_size('places') }}, 0) as name_count,
        is_reply_to_private,
        is_quote_of_private,
        may_hold_personal_data,
        case
            when links_masked is distinct from links then {{ replace_found(
                'text_without_names', '(https?://t\\.co/[A-Za-z0-9]+)', 1,
                "coalesce(" ~ list_item('links_masked', 'nullif(' ~ list_place('addresses', found_group(1)) ~ ', 0)') ~ ".expanded_url, " ~ found_group(1) ~ ")"
            ) }}
            else text_without_names
        end as text_masked

    from names_masked

    -- a fence: without it the filter on the masked text goes down to the posts, and masks them two times more (2.2 instead of 0.9 s
    -- of CPU for 28,460 posts of 143 registered accounts, 2026-11-27)
    offset 0

),

posts_masked as (

    select
        post_key,
        capture_id,
        text_masked as text,
        hashtags,
        mentions_masked as mentions,
        -- an address that leads to a person is not kept beside the masked one
        case
            when links_masked is distinct from links then {{ list_map('links_masked', 'link', struct_of([
                ('url', "case when " ~ regex_match('link.expanded_url', 'person_[0-9a-f]{10}|\\[[a-z ]+\\]') ~ " then link.expanded_url else link.url end"),
                ('expanded_url', 'link.expanded_url'),
            ])) }}
            else links
        end as links,
        is_reply_to_private,
        is_quote_of_private,
        name_count,
        false as is_repost_of_private,
        text is distinct from text_masked as is_text_changed,
        case when may_hold_personal_data then text end as delivered_text

    from short_links_masked

    where is_reply_to_private
        or is_quote_of_private
        or text is distinct from text_masked
        or mentions is distinct from mentions_masked
        or links is distinct from links_masked

    union all

    select
        post_key,
        capture_id,
        cast(null as varchar) as text,
        hashtags,
        cast(null as {{ mentions_type() }}) as mentions,
        cast(null as {{ links_type() }}) as links,
        is_reply_to_private,
        is_quote_of_private,
        0 as name_count,
        true as is_repost_of_private,
        true as is_text_changed,
        cast(null as varchar) as delivered_text

    from posts_looked_at

    where is_repost_of_private

),

posts_counted as (

    select
        post_key,
        capture_id,
        text,
        -- places in a text that reads otherwise now would be false
        case
            when is_text_changed then {{ list_map('hashtags', 'h', struct_of([
                ('tag', 'h.tag'), ('start', 'cast(null as bigint)'), ('end', 'cast(null as bigint)'),
            ])) }}
            else hashtags
        end as hashtags,
        case
            when is_text_changed then {{ list_map('mentions', 'm', struct_of([
                ('handle', 'm.handle'),
                ('account_id', 'm.account_id'),
                ('start', 'cast(null as bigint)'),
                ('end', 'cast(null as bigint)'),
            ])) }}
            else mentions
        end as mentions,
        links,
        {% for kind, mark in redaction_marks() -%}
        case
            when delivered_text is null then 0
            else {{ mark_count('text', mark) }} - {{ mark_count('delivered_text', mark) }}
        end as {{ kind }}_count,
        {% endfor -%}
        cast(name_count as integer) as name_count,
        is_reply_to_private,
        is_quote_of_private,
        is_repost_of_private,
        is_text_changed

    from posts_masked

)

select * from posts_counted
