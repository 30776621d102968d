with

observations as (

    select
        capture_id,
        record_no,
        source,
        platform,
        post_key as version_key,
        coalesce(replaced_by_post_key, post_key) as post_key,
        replaced_by_post_key is not null as is_replaced,
        observation_count,
        observation_rank

    from {{ ref('int_posts__observations') }}

    where outcome <> 'deleted'

),

-- X gives every version an id of its own; other platforms keep the id, so that only another text shows an edit.
posts_with_versions as (

    select post_key

    from observations

    where observation_count > 1

    group by 1

    having bool_or(is_replaced) or bool_or(platform <> 'x')

),

records_of_versions as (

    select observations.*

    from observations

    inner join posts_with_versions
        on observations.post_key = posts_with_versions.post_key

),

repairs as (

    select * from {{ ref('int_posts__repaired') }}

),

delivered_posts as (

    select * from {{ ref('int_posts__unioned') }}

),

texts as (

    select
        records.post_key,
        records.version_key,
        records.platform,
        records.observation_rank,
        delivered_posts.post_id as delivered_post_id,
        records.capture_id,
        records.record_no,
        records.source,
        md5(delivered_posts.text) as text_hash,
        delivered_posts.text_is_complete,
        delivered_posts.posted_at as delivered_posted_at,
        delivered_posts.observed_at

    from delivered_posts

    inner join records_of_versions as records
        on delivered_posts.capture_id = records.capture_id
        and delivered_posts.record_no = records.record_no
        and delivered_posts.source = records.source

),

texts_known as (

    select
        texts.*,
        coalesce(repairs.post_id, texts.delivered_post_id) as post_id,
        coalesce(repairs.posted_at, texts.delivered_posted_at) as posted_at,
        -- a cut text is no version of its own
        case when texts.platform = 'x' then '' else texts.text_hash end as version_mark

    from texts

    left join repairs
        on texts.capture_id = repairs.capture_id
        and texts.record_no = repairs.record_no
        and texts.source = repairs.source

    where texts.platform = 'x'
        or texts.observation_rank = 1
        or texts.text_is_complete

),

records_ranked as (

    select
        *,
        row_number() over (
            partition by post_key, version_key, version_mark
            order by observation_rank, capture_id, source, record_no
        ) as choice,
        count(*) over (partition by post_key, version_key, version_mark) as observation_count,
        min(observation_rank) over (partition by post_key, version_key, version_mark) as best_rank,
        min(observed_at) over (partition by post_key, version_key, version_mark) as first_observed_at,
        max(observed_at) over (partition by post_key, version_key, version_mark) as last_observed_at

    from texts_known

),

versions_numbered as (

    select
        post_key,
        row_number() over (
            partition by post_key
            order by {{ id_number('post_id') }} nulls last, post_id, first_observed_at nulls last, text_hash
        ) as version_no,
        post_id as version_post_id,
        text_hash,
        count(*) over (partition by post_key) as version_count,
        observation_count,
        text_is_complete,
        best_rank = 1 as is_current,
        posted_at,
        first_observed_at,
        last_observed_at

    from records_ranked

    where choice = 1

),

authors as (

    select
        posts.post_key,
        accounts.is_registered

    from {{ ref('int_posts__kept') }} as posts

    inner join {{ ref('dim_accounts') }} as accounts
        on posts.account_key = accounts.account_key
        and {{ has_rows_of_its_own('accounts') }}

),

versions as (

    select
        versions_numbered.post_key,
        versions_numbered.version_no,
        {{ shown('versions_numbered.version_post_id', 'authors.is_registered') }} as version_post_id,
        -- whoever guesses a text must not find it confirmed
        {{ keyed_hash("concat('text:', versions_numbered.text_hash)") }} as text_hash,
        versions_numbered.version_count,
        versions_numbered.observation_count,
        versions_numbered.text_is_complete,
        versions_numbered.is_current,
        {{ shown_time('versions_numbered.posted_at', local_date('versions_numbered.posted_at', "'UTC'"), 'authors.is_registered') }} as posted_at,
        versions_numbered.first_observed_at,
        versions_numbered.last_observed_at

    from versions_numbered

    inner join authors
        on versions_numbered.post_key = authors.post_key

    where versions_numbered.version_count > 1

)

select * from versions
order by post_key, version_no
