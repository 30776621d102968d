with

-- Each kind of edge reads the posts by an import of its own: one import used four times would be kept whole, texts
-- included.
posts_with_marked_mentions as (

    select * from {{ ref('int_posts__kept') }}
    where mention_count > 0

),

posts_without_marks as (

    select * from {{ ref('int_posts__kept') }}
    where mention_count is null

),

text_entities as (

    select * from {{ ref('int_posts__text_entities') }}

),

replies as (

    -- a reply to oneself is a thread, not an interaction
    select * from {{ ref('int_posts__kept') }}
    where kind = 'reply'

),

reposts as (

    select * from {{ ref('int_posts__kept') }}
    where kind = 'repost'

),

-- a reply can quote as well
quotes as (

    select * from {{ ref('int_posts__kept') }}
    where is_own
        and (quoted_account_id is not null or quoted_handle is not null)

),

authors as (

    select * from {{ ref('int_posts__kept') }}
    where account_id is not null
        and handle is not null

),

-- what a source marks is taken as it is; only where it marks nothing does the text speak
posts_with_mentions as (

    {% set columns = [
        'post_key', 'account_key', 'platform', 'kind', 'posted_at', 'posted_date', 'text',
        'reply_to_handle', 'reposted_handle', 'reposted_account_id',
    ] -%}
    select
        {% for column in columns -%}
        {{ column }},
        {% endfor -%}
        mentions,
        'export' as entity_source

    from posts_with_marked_mentions

    union all

    select
        {% for column in columns -%}
        posts_without_marks.{{ column }},
        {% endfor -%}
        text_entities.mentions,
        'text' as entity_source

    from posts_without_marks

    inner join text_entities
        on posts_without_marks.post_key = text_entities.post_key

),

-- Two kinds of handle in a text are no mention: the author of a reposted post behind `RT @`, and, in a reply, the
-- handles that stand in an unbroken row at its start. X puts those there itself, for everybody in the conversation;
-- archives do not mark them (`display_text_range` begins at 0 in all 553 replies of a modern archive). So does Mastodon.
-- Bluesky does not: there a mention is what somebody wrote.
mentions_unnested as (

    select
        post_key,
        account_key,
        platform,
        kind as post_kind,
        posted_at,
        posted_date,
        entity_source,
        unnest({{ list_keep('mentions', 'm', "
            case
                when kind = 'repost'
                    then not (
                        lower(m.handle) is not distinct from lower(reposted_handle)
                        or (m.account_id is not null and m.account_id is not distinct from reposted_account_id)
                    )
                when platform = 'bluesky' then true
                when kind in ('reply', 'self_reply') and m.\"start\" is null
                    then not (lower(m.handle) is not distinct from lower(reply_to_handle))
                when kind in ('reply', 'self_reply') and platform = 'mastodon'
                    then not " ~ regex_match('left(text, cast(m."start" as integer))', '^(?:@[A-Za-z0-9_.@-]+[ \\n]+)*$') ~ "
                when kind in ('reply', 'self_reply')
                    then not " ~ regex_match('left(text, cast(m."start" as integer))', '^(?:[@＠][A-Za-z0-9_]+[ \\n]+)*$') ~ "
                else true
            end
        ") }}) as mention

    from posts_with_mentions

),

mention_edges as (

    select
        post_key,
        account_key,
        platform,
        post_kind,
        posted_at,
        posted_date,
        'mention' as kind,
        entity_source,
        mention.account_id as target_account_id,
        mention.handle as target_handle

    from mentions_unnested

),

reply_edges as (

    select
        post_key,
        account_key,
        platform,
        kind as post_kind,
        posted_at,
        posted_date,
        'reply' as kind,
        cast(null as varchar) as entity_source,
        reply_to_account_id as target_account_id,
        reply_to_handle as target_handle

    from replies

),

repost_edges as (

    select
        post_key,
        account_key,
        platform,
        kind as post_kind,
        posted_at,
        posted_date,
        'repost' as kind,
        cast(null as varchar) as entity_source,
        reposted_account_id as target_account_id,
        reposted_handle as target_handle

    from reposts

),

quote_edges as (

    select
        post_key,
        account_key,
        platform,
        kind as post_kind,
        posted_at,
        posted_date,
        'quote' as kind,
        cast(null as varchar) as entity_source,
        quoted_account_id as target_account_id,
        quoted_handle as target_handle

    from quotes

),

edges as (

    select * from mention_edges
    union all
    select * from reply_edges
    union all
    select * from repost_edges
    union all
    select * from quote_edges

),

edges_known as (

    -- a reply to a post whose author the source does not name has no target
    select
        *,
        -- what is to be looked up; as columns, since a join may compare only columns of both sides to be fast
        case when target_account_id is null then lower(target_handle) end as handle_without_id,
        case when target_handle is null then target_account_id end as id_without_handle

    from edges

    where target_account_id is not null
        or target_handle is not null

),

-- An edge that has only a handle gets the id that the same author's other posts give to this handle, when they give
-- exactly one, or when they give one before and after it. Posts of other authors are no evidence: an account has the same edges alone and among others.
evidence as (

    select
        account_key,
        lower(target_handle) as folded_handle,
        target_handle,
        target_account_id,
        posted_at

    from edges_known

    where target_account_id is not null
        and target_handle is not null

    union all

    select
        account_key,
        lower(handle) as folded_handle,
        handle as target_handle,
        account_id as target_account_id,
        max(posted_at) as posted_at

    from authors

    group by 1, 2, 3, 4

),

handles_judged as (

    select
        account_key,
        folded_handle,
        min(target_account_id) as target_account_id,
        count(distinct target_account_id) as id_count

    from evidence

    group by 1, 2

),

ids_of_handles as (

    select * from handles_judged
    where id_count = 1

),

-- A handle that changed hands tells an id where the sightings before and after the edge agree; outside of them, and
-- between two that differ, nobody can say whose it was, and the handle stands for itself.
handles_in_time as (

    select
        evidence.account_key,
        evidence.folded_handle,
        evidence.target_account_id,
        evidence.posted_at

    from evidence

    inner join handles_judged
        on evidence.account_key = handles_judged.account_key
        and evidence.folded_handle = handles_judged.folded_handle
        and handles_judged.id_count > 1

    union all

    select
        edges_known.account_key,
        edges_known.handle_without_id as folded_handle,
        cast(null as varchar) as target_account_id,
        edges_known.posted_at

    from edges_known

    inner join handles_judged
        on edges_known.account_key = handles_judged.account_key
        and edges_known.handle_without_id = handles_judged.folded_handle
        and handles_judged.id_count > 1

),

handles_between_sightings as (

    select
        account_key,
        folded_handle,
        target_account_id,
        posted_at,
        last_value(target_account_id ignore nulls) over (
            partition by account_key, folded_handle
            order by posted_at, target_account_id nulls last
            rows between unbounded preceding and current row
        ) as id_before,
        first_value(target_account_id ignore nulls) over (
            partition by account_key, folded_handle
            order by posted_at, target_account_id nulls last
            rows between current row and unbounded following
        ) as id_after

    from handles_in_time

),

ids_of_handles_in_time as (

    select
        account_key,
        folded_handle,
        posted_at,
        min(id_before) as target_account_id

    from handles_between_sightings

    where target_account_id is null

    group by 1, 2, 3

    having bool_and(coalesce(id_before = id_after, false))

),

handles_counted as (

    select
        account_key,
        target_account_id,
        target_handle,
        max(posted_at) as last_posted_at

    from evidence

    group by 1, 2, 3

),

handles_ranked as (

    select
        account_key,
        target_account_id,
        target_handle,
        row_number() over (
            partition by account_key, target_account_id
            order by last_posted_at desc, target_handle
        ) as handle_rank

    from handles_counted

),

edges_resolved as (

    select
        edges_known.post_key,
        edges_known.account_key,
        edges_known.platform,
        edges_known.post_kind,
        edges_known.posted_at,
        edges_known.posted_date,
        edges_known.kind,
        edges_known.entity_source,
        coalesce(
            edges_known.target_account_id,
            ids_of_handles.target_account_id,
            ids_of_handles_in_time.target_account_id
        ) as target_account_id,
        coalesce(edges_known.target_handle, handles_ranked.target_handle) as target_handle

    from edges_known

    left join ids_of_handles
        on edges_known.account_key = ids_of_handles.account_key
        and edges_known.handle_without_id = ids_of_handles.folded_handle

    left join ids_of_handles_in_time
        on edges_known.account_key = ids_of_handles_in_time.account_key
        and edges_known.handle_without_id = ids_of_handles_in_time.folded_handle
        and edges_known.posted_at = ids_of_handles_in_time.posted_at

    left join handles_ranked
        on edges_known.account_key = handles_ranked.account_key
        and edges_known.id_without_handle = handles_ranked.target_account_id
        and handles_ranked.handle_rank = 1

),

edges_keyed as (

    select
        *,
        {{ account_key('platform', 'target_account_id', 'target_handle') }} as target_account_key

    from edges_resolved

),

-- once per post, target and kind
interactions as (

    select
        md5(concat(post_key, '|', kind, '|', target_account_key)) as interaction_key,
        post_key,
        account_key,
        target_account_key,
        max(target_account_id) as target_account_id,
        min(target_handle) as target_handle,
        platform,
        kind,
        post_kind,
        min(entity_source) as entity_source,
        account_key = target_account_key as is_self,
        posted_date,
        posted_at

    from edges_keyed

    group by post_key, account_key, target_account_key, platform, kind, post_kind, posted_date, posted_at

)

select * from interactions
order by posted_at, interaction_key
