with

posts as (

    select
        capture_id,
        source,
        platform,
        account_id,
        handle

    from {{ ref('int_posts__unioned') }}

    where account_id is not null
        and handle is not null

),

-- where a program rounded the ids of posts it rounded those of accounts as well
captures_sound as (

    select
        capture_id,
        source

    from {{ ref('int_captures__measured') }}

    where id_damage = 'none'

),

ids_of_handles as (

    select
        posts.platform,
        lower(posts.handle) as folded_handle,
        min(posts.account_id) as account_id

    from posts

    inner join captures_sound
        on posts.capture_id = captures_sound.capture_id
        and posts.source = captures_sound.source

    group by 1, 2

    -- a handle that changed hands tells no account
    having count(distinct posts.account_id) = 1

)

select * from ids_of_handles
order by platform, folded_handle
