"""Every check of every gate: what is compared, how severe a failure is, why it matters and what to do.

Belongs here: the words and the evidence of each check. Dagster's checks and the docs' pages are made from it.
Does not belong here: the numbers (thresholds.py), the frames' SQL (frames/), the comparison (suites/), and dbt's
own tests.

A check judges one column of its frame. The suite of its gate (`suites/<gate>.json`) holds the comparison under
the same name. Evidence names records by their place (file and position) or their id; it never quotes a text or
a handle, because outcomes are published with the marts.
"""

from __future__ import annotations

from dataclasses import dataclass

GATES = ("raw", "staging", "marts", "publish")
SEVERITIES = ("critical", "warning")
DIMENSIONS = (
    "accuracy",
    "completeness",
    "consistency",
    "timeliness",
    "validity",
    "uniqueness",
    "integrity",
)

# Where a capture stands aside, the same two ways lead on.
_SET_RIGHT = "Correct the file and deliver it again, or accept the capture by name if it is right as it is."
# Damaged ids close nothing: they are told, and repaired where that can be done exactly.
_REPAIRED = (
    "Nothing must be done: where another capture holds the same posts undamaged, their ids are found again; the "
    "others are counted under a stand-in (quality.fct_capture_repairs). Better: deliver the export as it was "
    "downloaded."
)


@dataclass(frozen=True)
class Check:
    """One promise about the data.

    Args:
        name: The check's name, unique over all gates.
        gate: The gate it belongs to.
        asset: The model, table or file it speaks of; `{source}` stands for the source of a capture.
        grain: `capture` (one outcome per capture) or `table` (one outcome).
        severity: `critical` closes the gate (for that capture, or for the step); `warning` is shown and recorded.
        dimension: Which quality of data it is about.
        why: Why it matters, for a person who meets the failure.
        next_step: What that person can do.
        frame: The frame that holds the judged column (`frames/<frame>.sql`).
        column: The judged column.
        expected: What a good value is; may name thresholds in braces.
        observed: What was found; names columns of the frame in braces.
        failing_column: The column that counts failing records, where the judged one does not.
        evidence_sql: Returns keys of failing records as its first column; `$capture_id` is the capture.
        thresholds: Names of the limits it uses.
        demands_rows: With nothing to judge the check fails; otherwise it passes and says `no rows`.
        judges_every_row: One outcome over all rows of the frame (publish: every table), failing rows named.
        rows_are: What those rows are, in the plural.
    """

    name: str
    gate: str
    asset: str
    grain: str
    severity: str
    dimension: str
    why: str
    next_step: str
    frame: str
    column: str
    expected: str
    observed: str
    failing_column: str | None = None
    evidence_sql: str | None = None
    thresholds: tuple[str, ...] = ()
    demands_rows: bool = False
    judges_every_row: bool = False
    rows_are: str = "tables"

    @property
    def subject(self) -> str:
        """The frame's row that a check of table grain judges."""
        return self.asset

    def asset_of(self, source: str | None) -> str:
        """The asset with the source of a capture filled in."""
        return self.asset.replace("{source}", source or "<source>")


# ---------- evidence

_RECORD = "concat('record ', record_no, ' of ', member, ' (id ', coalesce(record_id, 'missing'), ')')"

_RAW_RECORDS_OF_CAPTURE = f"""
with records as (
    select *, try_cast(record_id as ubigint) as id_number, length(record_id) as digits
    from ({{{{ raw_records }}}}) as raw_records
    where capture_id = $capture_id
)
select {_RECORD} as key
from records
where """

_IN_ORDER = "\norder by record_type, record_no\nlimit 20"

_POST = "concat('record ', record_no, ', post ', coalesce(post_id, 'without id'))"

_STAGING_POSTS_OF_CAPTURE = f"""
select {_POST} as key
from ({{{{ staging_posts }}}}) as staging_posts
where capture_id = $capture_id and """

_BY_RECORD = "\norder by record_no\nlimit 20"

_POSTS_OFF_THEIR_ID = (
    _STAGING_POSTS_OF_CAPTURE
    + """platform = 'x'
    and try_cast(post_id as bigint) >= 34359738368
    and not contains(upper(post_id), 'E')
    and not (length(post_id) >= 17 and ends_with(post_id, '000000'))
    and abs(epoch_ms(posted_at) - ((try_cast(post_id as bigint) >> 22) + 1288834974657)) / 1000
    > case when epoch_ms(posted_at) % 86400000 = 0 then 86400 when epoch_ms(posted_at) % 60000 = 0 then 60 else 0 end
    + {{ time_in_id_tolerance_seconds }}"""
    + _BY_RECORD
)

_EXCEL = "digits >= 17 and id_number % cast(power(10, greatest(digits - 15, 0)) as ubigint) = 0"


def _raw(**words: object) -> Check:
    return Check(gate="raw", asset="{source}", grain="capture", **words)  # type: ignore[arg-type]


def _staging(**words: object) -> Check:
    return Check(gate="staging", asset="stg_{source}__posts", grain="capture", **words)  # type: ignore[arg-type]


RAW = (
    _raw(
        name="capture_holds_records",
        severity="critical",
        dimension="completeness",
        why="A capture from which nothing was loaded adds nothing, and hides that the file was misread.",
        next_step="Open the file: is it the export that was meant, and complete? Name the source if it was "
        "not recognised.",
        frame="raw__accounting",
        column="loaded_count",
        expected="at least 1 record loaded",
        observed="{loaded_count} of {delivered_count} records loaded",
    ),
    _raw(
        name="delivered_is_loaded_plus_rejected",
        severity="critical",
        dimension="integrity",
        why="Every delivered record is either loaded or rejected with a reason. Anything else is silent loss.",
        next_step="This is a fault of the reader, not of the file: report it with the name of the source.",
        frame="raw__accounting",
        column="unaccounted_count",
        expected="delivered = loaded + rejected, for the capture and for each of its files",
        observed="{delivered_count} delivered, {loaded_count} loaded, {rejected_count} rejected",
        evidence_sql="select concat(member, ' (', record_type, '): ', delivered_count, ' delivered, ', "
        "loaded_count, ' loaded, ', rejected_count, ' rejected') as key from raw.capture_members where "
        "capture_id = $capture_id and delivered_count is distinct from loaded_count + rejected_count order "
        "by member limit 20",
    ),
    _raw(
        name="rows_equal_ledger",
        severity="critical",
        dimension="integrity",
        why="The reader's own counts must be the rows that can be counted in the raw tables, type by type.",
        next_step="Load the capture again; if it stays, report it with the name of the source.",
        frame="raw__accounting",
        column="row_difference",
        expected="as many rows in the raw tables as the reader counted",
        observed="{row_count} rows in the tables, {ledger_count} counted by the reader",
        evidence_sql="""
with counted as (
    select record_type, count(*) as row_count
    from ({{ raw_records }}) as raw_records
    where capture_id = $capture_id
    group by 1
),
ledger as (
    select record_type, sum(loaded_count) as loaded_count
    from raw.capture_members
    where capture_id = $capture_id and record_type in ('post', 'csv_post', 'note', 'deletion')
    group by 1
)
select concat(
    coalesce(counted.record_type, ledger.record_type), ': ', coalesce(row_count, 0), ' rows, ',
    coalesce(loaded_count, 0), ' in the ledger'
) as key
from counted
full outer join ledger on counted.record_type = ledger.record_type
where coalesce(row_count, 0) <> coalesce(loaded_count, 0)
order by 1
limit 20""",
    ),
    _raw(
        name="rejections_explained",
        severity="critical",
        dimension="integrity",
        why="A rejected record is kept with its place and the reason, so that nothing disappears unseen.",
        next_step="This is a fault of the reader, not of the file: report it with the name of the source.",
        frame="raw__accounting",
        column="unexplained_rejection_count",
        expected="a reason for every rejected record",
        observed="{rejected_count} rejected, {explained_rejection_count} with a reason",
    ),
    _raw(
        name="no_rejected_records",
        severity="warning",
        dimension="validity",
        why="Records that could not be read are missing from every number that follows.",
        next_step="Read the reasons in quality.fct_rejected_records; correct the file if the records matter.",
        frame="raw__accounting",
        column="rejected_count",
        expected="no rejected record",
        observed="{rejected_count} of {delivered_count} records rejected ({rejected_share:.1%})",
        evidence_sql="select concat('record ', record_no, ' of ', member, ' (', reason_code, ')') as key "
        "from raw.rejected_records where capture_id = $capture_id order by member, record_no limit 20",
    ),
    _raw(
        name="rejected_share_small",
        severity="critical",
        dimension="validity",
        why="When many posts cannot be read, the file is damaged or is not what it was taken for; the rest "
        "is then not to be trusted either. Records of another kind (lists, counts) are set aside and do not "
        "count here.",
        next_step="Read the reasons in quality.fct_rejected_records. " + _SET_RIGHT,
        frame="raw__accounting",
        column="judged_damaged_share",
        expected="at most {rejected_share_max:.0%} of the posts rejected (judged from {rejected_count_min} "
        "rejected posts on, or above {rejected_share_short_file_max:.0%})",
        observed="{damaged_count} of {judged_count} posts rejected ({damaged_share:.1%})",
        failing_column="damaged_count",
        evidence_sql="""
select concat('record ', rejected.record_no, ' of ', rejected.member, ' (', rejected.reason_code, ')') as key
from raw.rejected_records as rejected
where rejected.capture_id = $capture_id
order by rejected.reason_code like 'not_a_post%', rejected.member, rejected.record_no
limit 20""",
        thresholds=("rejected_share_max", "rejected_count_min", "rejected_share_short_file_max"),
    ),
    _raw(
        name="capture_is_whole",
        severity="critical",
        dimension="completeness",
        why="An export of everything from which posts are missing shows months as silent that were not. The list "
        "of a modern X archive counts its posts right, so another count means a cut or incomplete export; so does "
        "a file that ends in the middle.",
        next_step="Download the export again and deliver all of it, or accept the capture by name: then the posts "
        "that arrived are loaded and the missing ones stay unknown.",
        frame="raw__accounting",
        column="missing_part_count",
        expected="as many posts as the export's own list states, and no file of posts that ends in the middle",
        observed="{disagreeing_binding_total_count} of {binding_total_count} counts of its own list disagree; "
        "files of posts that end in the middle: {cut_member_count}",
        evidence_sql="""
select key
from (
    select 1 as kind, statement as place, concat(
        statement, ': states ', coalesce(cast(stated_count as varchar), 'nothing'), ', counted ',
        coalesce(cast(counted_count as varchar), 'nothing')
    ) as key
    from raw.control_totals
    where capture_id = $capture_id and is_binding and agrees is not true
    union all
    select distinct 2 as kind, rejected.member as place, concat(
        'record ', rejected.record_no, ' of ', rejected.member, ' (', rejected.reason_code, ')'
    ) as key
    from raw.rejected_records as rejected
    inner join raw.capture_members as members
        on rejected.capture_id = members.capture_id
        and rejected.member = members.member
    where rejected.capture_id = $capture_id and rejected.reason_code = 'cut_off' and members.record_type = 'post'
) as missing_parts
order by kind, place, key
limit 20""",
    ),
    _raw(
        name="control_totals_agree",
        severity="warning",
        dimension="consistency",
        why="Sources state how many posts they hold. A different count means a cut export, or a source that "
        "counts otherwise: old X archives state more posts than they contain, so this alone closes nothing. "
        "Statements of sources that are known to count right are judged by capture_is_whole.",
        next_step="Compare the statements in quality.fct_control_totals; ask for a new export if posts are missing.",
        frame="raw__accounting",
        column="disagreeing_total_count",
        expected="every count that the source states about itself equals the count made here",
        observed="{disagreeing_total_count} of {stated_total_count} statements disagree",
        evidence_sql="select concat(statement, ': states ', coalesce(cast(stated_count as varchar), "
        "'nothing'), ', counted ', coalesce(cast(counted_count as varchar), 'nothing')) as key from "
        "raw.control_totals where capture_id = $capture_id and agrees is not true order by statement limit "
        "20",
    ),
    _raw(
        name="owner_known",
        severity="warning",
        dimension="completeness",
        why="Without its owner a capture cannot say for which account it is complete. Posts whose author nobody names "
        "fall together, from whichever capture they come.",
        next_step="Deliver the profile file that belongs to the export (account.js, user_details.js, users).",
        frame="raw__accounting",
        column="owner",
        expected="the account that the export belongs to",
        observed="{owner}",
        failing_column="loaded_count",
    ),
    _raw(
        name="observed_at_known",
        severity="warning",
        dimension="timeliness",
        why="Likes and reposts grow. Counts without the time at which they were true cannot be compared.",
        next_step="Nothing to do for this file; when you export again, keep the file that tells the export's date.",
        frame="raw__accounting",
        column="observed_at",
        expected="the time of the export, as the source states it",
        observed="{observed_at_words}",
        failing_column="loaded_count",
    ),
    _raw(
        name="encoding_known",
        severity="warning",
        dimension="validity",
        why="A guessed encoding turns letters into others without any error.",
        next_step="Save the export as UTF-8, or deliver it as it was downloaded.",
        frame="raw__accounting",
        column="encoding",
        expected="the encoding in which the file was read",
        observed="encoding {encoding}",
        failing_column="loaded_count",
    ),
    _raw(
        name="ids_present",
        severity="warning",
        dimension="completeness",
        why="A record without its id can be found again only by author, time and text.",
        next_step="See whether the export lost a column. Otherwise nothing must be done: such a post takes the id of "
        "the same post in another capture, or a stand-in (quality.fct_capture_repairs).",
        frame="raw__ids",
        column="missing_id_count",
        expected="an id in every record",
        observed="{missing_id_count} of {record_count} records without an id",
        evidence_sql=_RAW_RECORDS_OF_CAPTURE + "record_id is null or trim(record_id) = ''" + _IN_ORDER,
    ),
    _raw(
        name="ids_well_formed",
        severity="critical",
        dimension="validity",
        why="Ids of X are whole numbers of up to 19 digits, those of Bluesky and Mastodon are addresses. Anything "
        "else (quotes, a number with blanks) is a file that another program rewrote, or another column.",
        next_step="Deliver the export as it was downloaded, without opening it in a spreadsheet.",
        frame="raw__ids",
        column="malformed_id_count",
        expected="ids in the form of their platform (X: 1 to 19 digits; Bluesky: at://…; Mastodon: https://…)",
        observed="{malformed_id_count} of {record_count} ids have another form",
        evidence_sql=_RAW_RECORDS_OF_CAPTURE + "trim(record_id) <> '' and not is_well_formed "
        "and not (is_number and regexp_full_match(record_id, '{{ scientific_id_pattern }}'))" + _IN_ORDER,
    ),
    _raw(
        name="ids_not_in_scientific_notation",
        severity="warning",
        dimension="accuracy",
        why="A spreadsheet shows long numbers as 1.23457E+18, and saves what it shows: thousands of posts "
        "then share one id.",
        next_step=_REPAIRED,
        frame="raw__ids",
        column="scientific_id_count",
        expected="ids with all their digits",
        observed="{scientific_id_count} of {record_count} ids in scientific notation",
        evidence_sql=_RAW_RECORDS_OF_CAPTURE
        + "is_number and regexp_full_match(record_id, '{{ scientific_id_pattern }}')"
        + _IN_ORDER,
    ),
    _raw(
        name="ids_not_damaged_by_excel",
        severity="warning",
        dimension="accuracy",
        why="Excel keeps 15 digits of a number: ids then end in zeros and belong to other posts, or to none.",
        next_step=_REPAIRED,
        frame="raw__ids",
        column="judged_excel_id_share",
        expected="fewer than {excel_id_share_max:.0%} of the long ids rounded to 15 digits (by chance: "
        "about 1 in 100; judged from {damaged_id_n_min} ids on)",
        observed="{excel_id_count} of {long_id_count} ids of 17 and more digits are rounded to 15 digits "
        "({excel_id_share:.1%})",
        failing_column="excel_id_count",
        evidence_sql=_RAW_RECORDS_OF_CAPTURE + _EXCEL + _IN_ORDER,
        thresholds=("excel_id_share_max", "damaged_id_n_min"),
    ),
    _raw(
        name="ids_not_damaged_by_javascript",
        severity="warning",
        dimension="accuracy",
        why="JavaScript prints large numbers rounded: most ids then end in 00 and belong to other posts, or to none.",
        next_step=_REPAIRED,
        frame="raw__ids",
        column="judged_javascript_id_share",
        expected="fewer than {javascript_id_share_max:.0%} of the ids since 2013 end in 00 (by chance: "
        "about 2 in 100; judged from {damaged_id_n_min} ids on)",
        observed="{javascript_id_count} of {javascript_judged_count} ids since 2013 end in 00 "
        "({javascript_id_share:.1%})",
        failing_column="javascript_id_count",
        evidence_sql=_RAW_RECORDS_OF_CAPTURE
        + f"id_number >= 288230376151711744 and id_number % 100 = 0 and not ({_EXCEL})"
        + _IN_ORDER,
        thresholds=("javascript_id_share_max", "damaged_id_n_min"),
    ),
    _raw(
        name="ids_not_damaged_by_float",
        severity="warning",
        dimension="accuracy",
        why="A program that kept ids as 64-bit floats changed two of three of them without a trace but this "
        "one: every id then equals its own rounded value.",
        next_step=_REPAIRED,
        frame="raw__ids",
        column="judged_float_id_share",
        expected="fewer than {float_id_share_max:.0%} of the long ids equal their rounded value (by chance: "
        "3 to 8 in 10; judged from {float_id_n_min} ids on)",
        observed="{float_id_count} of {long_id_count} ids of 17 and more digits equal their rounded value "
        "({float_id_share:.1%})",
        failing_column="float_id_count",
        evidence_sql=_RAW_RECORDS_OF_CAPTURE
        + "digits >= 17 and cast(cast(id_number as double) as hugeint) = id_number"
        + _IN_ORDER,
        thresholds=("float_id_share_max", "float_id_n_min"),
    ),
    _raw(
        name="ids_unique_in_capture",
        severity="warning",
        dimension="uniqueness",
        why="The same post twice in one export is real (months listed twice, pages that overlap). It is "
        "counted once later on; here it is only told.",
        next_step="Nothing to do; quality.fct_record_accounting shows the duplicates.",
        frame="raw__ids",
        column="duplicate_record_count",
        expected="every id once per capture and kind of record",
        observed="{duplicate_record_count} of {record_count} records repeat an id",
        evidence_sql=f"""
with records as (
    select *, row_number() over (partition by record_type, record_id order by record_no) as occurrence
    from ({{{{ raw_records }}}}) as raw_records
    where capture_id = $capture_id and record_id is not null
)
select {_RECORD} as key
from records
where occurrence > 1"""
        + _IN_ORDER,
    ),
)

STAGING = (
    _staging(
        name="staging_holds_every_post",
        severity="critical",
        dimension="integrity",
        why="Staging renames and casts; it neither drops nor adds a post.",
        next_step="This is a fault of the staging model, not of the file: report it with the name of the source.",
        frame="staging__posts",
        column="lost_post_count",
        expected="as many posts in staging as were loaded",
        observed="{loaded_post_count} posts loaded, {post_count} in staging",
    ),
    _staging(
        name="record_keys_unique",
        severity="critical",
        dimension="uniqueness",
        why="Capture and position name one delivered record. Twice the same is a record multiplied by a join.",
        next_step="This is a fault of the staging model, not of the file: report it with the name of the source.",
        frame="staging__posts",
        column="repeated_record_count",
        expected="every record once",
        observed="{repeated_record_count} of {post_count} rows repeat a record",
        evidence_sql=f"""
select {_POST} as key
from (
    select *, row_number() over (partition by model_number, record_no order by post_id) as occurrence
    from ({{{{ staging_posts }}}}) as staging_posts
    where capture_id = $capture_id
)
where occurrence > 1"""
        + _BY_RECORD,
    ),
    _staging(
        name="post_ids_present",
        severity="warning",
        dimension="completeness",
        why="The post's key is made from its id. Without one it is made from author, time and text, and the post can "
        "be looked up nowhere.",
        next_step="See whether the export lost a column; quality.fct_capture_repairs tells how many were found again.",
        frame="staging__posts",
        column="missing_post_id_count",
        expected="an id in every post",
        observed="{missing_post_id_count} of {post_count} posts without an id",
        evidence_sql=_STAGING_POSTS_OF_CAPTURE + "(post_id is null or trim(post_id) = '')" + _BY_RECORD,
    ),
    _staging(
        name="posted_at_present",
        severity="critical",
        dimension="completeness",
        why="A post without its time is in no month: volumes would silently be too low.",
        next_step="See in which form the file writes its dates. " + _SET_RIGHT,
        frame="staging__posts",
        column="missing_time_count",
        expected="a time in every post",
        observed="{missing_time_count} of {post_count} posts without a readable time",
        evidence_sql=_STAGING_POSTS_OF_CAPTURE + "posted_at is null" + _BY_RECORD,
    ),
    _staging(
        name="posted_after_the_platform_began",
        severity="critical",
        dimension="validity",
        why="No post on X is older than the platform. Such a date is a default (1970, 0001) or a misread format.",
        next_step="See in which form the file writes its dates. " + _SET_RIGHT,
        frame="staging__posts",
        column="before_platform_count",
        expected="no post before {first_post_on_x}",
        observed="{before_platform_count} of {post_count} posts are older than the platform",
        evidence_sql=_STAGING_POSTS_OF_CAPTURE
        + "platform = 'x' and posted_at < cast('{{ first_post_on_x }} 00:00:00+00' as timestamptz)"
        + _BY_RECORD,
        thresholds=("first_post_on_x",),
    ),
    _staging(
        name="posted_before_it_was_observed",
        severity="critical",
        dimension="timeliness",
        why="A post cannot be younger than the export that holds it. Such a time was misread or falsified.",
        next_step="See whether day and month were swapped. " + _SET_RIGHT,
        frame="staging__posts",
        column="after_observed_count",
        expected="no post later than {posted_after_observed_hours} hours after the export (or after it was "
        "received, where the export's time is unknown)",
        observed="{after_observed_count} of {post_count} posts are younger than their export",
        evidence_sql=f"""
select {_POST} as key
from ({{{{ staging_posts }}}}) as staging_posts
where
    capture_id = $capture_id
    and posted_at > coalesce(
        observed_at, (select min(received_at) from raw.captures where raw.captures.capture_id = $capture_id)
    ) + interval '{{{{ posted_after_observed_hours }}}} hours'"""
        + _BY_RECORD,
        thresholds=("posted_after_observed_hours",),
    ),
    _staging(
        name="time_agrees_with_id",
        severity="warning",
        dimension="accuracy",
        why="Ids of X since November 2010 hold the time of the post. Where the stated time differs, it is false.",
        next_step="Look at these posts before you use their day; months are only wrong at their edges.",
        frame="staging__posts",
        column="time_off_count",
        expected="the stated time within {time_in_id_tolerance_seconds} seconds of the time in the id",
        observed="{time_off_count} of {timed_id_count} posts are off ({time_off_share:.2%}){off_by}",
        evidence_sql=_POSTS_OFF_THEIR_ID,
        thresholds=("time_in_id_tolerance_seconds",),
    ),
    _staging(
        name="times_not_misread",
        severity="critical",
        dimension="accuracy",
        why="When many stated times differ from the time in the id, the clock was misread as a whole: day and month "
        "swapped, defaults, another post's time. Every day and hour count would be wrong.",
        next_step="See by how much the times are off. " + _SET_RIGHT,
        frame="staging__posts",
        column="judged_time_misread_share",
        expected="at most {time_off_share_max:.0%} of the times off by other than a time zone (judged from "
        "{time_off_count_min} posts on, or above {time_off_share_short_file_max:.0%})",
        observed="{time_misread_count} of {timed_id_count} posts are off by other than a time zone{off_by}",
        failing_column="time_misread_count",
        evidence_sql=_POSTS_OFF_THEIR_ID,
        thresholds=(
            "time_in_id_tolerance_seconds",
            "time_off_share_max",
            "time_off_count_min",
            "time_off_share_short_file_max",
        ),
    ),
    _staging(
        name="times_not_in_another_zone",
        severity="warning",
        dimension="accuracy",
        why="Times of another zone than stated are off by whole quarter hours, all of them. Read as they stand they "
        "put posts on other days.",
        next_step="Nothing must be done: where ids carry the time it is taken from there (posted_at_basis; "
        "quality.fct_capture_repairs tells the offset). Older posts of this capture keep the stated time.",
        frame="staging__posts",
        column="judged_time_shifted_share",
        expected="at most {time_off_share_max:.0%} of the times off by whole quarter hours (judged from "
        "{time_off_count_min} posts on, or above {time_off_share_short_file_max:.0%})",
        observed="{time_shifted_count} of {timed_id_count} posts are off by a time zone{off_by}",
        failing_column="time_shifted_count",
        evidence_sql=_POSTS_OFF_THEIR_ID,
        thresholds=(
            "time_in_id_tolerance_seconds",
            "time_off_share_max",
            "time_off_count_min",
            "time_off_share_short_file_max",
        ),
    ),
    _staging(
        name="claimed_time_agrees_with_indexing",
        severity="warning",
        dimension="accuracy",
        why="On Bluesky the author's program states the time of a post, and the server notes when it saw it. A "
        "gap of more than a day is a post imported from elsewhere (tweets of 2015), or a wrong clock: its month "
        "is a claim.",
        next_step="Look at these posts before you use their months; `indexed_at` in `source_metadata` is the "
        "time the server saw them.",
        frame="staging__posts",
        column="claimed_time_off_count",
        expected="the stated time within {claimed_time_tolerance_hours} hours of the time the server saw the post",
        observed="{claimed_time_off_count} of {indexed_post_count} posts are further apart",
        evidence_sql=_STAGING_POSTS_OF_CAPTURE
        + "abs(epoch_ms(posted_at) - epoch_ms(indexed_at)) > {{ claimed_time_tolerance_hours }} * 3600000"
        + _BY_RECORD,
        thresholds=("claimed_time_tolerance_hours",),
    ),
    _staging(
        name="kinds_accepted",
        severity="critical",
        dimension="validity",
        why="Every number is split by kind. A post of another kind would be counted nowhere.",
        next_step="This is a fault of the staging model, not of the file: report it with the name of the source.",
        frame="staging__posts",
        column="unknown_kind_count",
        expected="one of original, reply, self_reply, quote, repost",
        observed="{unknown_kind_count} of {post_count} posts of another kind",
        evidence_sql=_STAGING_POSTS_OF_CAPTURE
        + "coalesce(kind, '') not in ('original', 'reply', 'self_reply', 'quote', 'repost')"
        + _BY_RECORD,
    ),
    _staging(
        name="no_metrics_on_reposts",
        severity="critical",
        dimension="accuracy",
        why="Exports give a repost the counts of the original post. Added up, they inflate engagement "
        "(53-fold on a real account).",
        next_step="This is a fault of the staging model, not of the file: report it with the name of the source.",
        frame="staging__posts",
        column="repost_with_metrics_count",
        expected="no counts on reposts",
        observed="{repost_with_metrics_count} reposts carry counts",
        evidence_sql=_STAGING_POSTS_OF_CAPTURE + "kind = 'repost' and has_metrics" + _BY_RECORD,
    ),
    _staging(
        name="texts_complete",
        severity="warning",
        dimension="completeness",
        why="Cut texts lose their last hashtags, mentions and words: counts of these are then too low.",
        next_step="If you can, add an export that holds whole texts: the most complete version of a post wins.",
        frame="staging__posts",
        column="complete_text_share",
        expected="at least {complete_text_share_min:.0%} of the account's own texts whole",
        observed="{cut_own_post_count} of {own_post_count} own texts cut, {complete_text_share:.1%} whole",
        failing_column="cut_own_post_count",
        evidence_sql=_STAGING_POSTS_OF_CAPTURE + "kind <> 'repost' and text_is_complete is not true" + _BY_RECORD,
        thresholds=("complete_text_share_min",),
    ),
    _staging(
        name="texts_present",
        severity="critical",
        dimension="completeness",
        why="A post without text (empty is allowed, absent is not) was not read right. Reposts in an archive of "
        "Mastodon and in a repository of Bluesky have none: they hold the address only.",
        next_step="See whether the export lost a column. " + _SET_RIGHT,
        frame="staging__posts",
        column="missing_text_count",
        expected="a text in every post",
        observed="{missing_text_count} of {post_count} posts without a text",
        evidence_sql=_STAGING_POSTS_OF_CAPTURE
        + "not has_text and not (platform in ('bluesky', 'mastodon') and kind = 'repost')"
        + _BY_RECORD,
    ),
    _staging(
        name="handles_well_formed",
        severity="warning",
        dimension="validity",
        why="Handles on X have up to 15 letters, digits or underscores, on Bluesky they are domain names, on Mastodon "
        "a name and its server. Another form is a display name in the wrong column, or a made-up account: the demo's "
        "handle is longer on purpose, so that it can be nobody's.",
        next_step="Nothing to do for synthetic data; otherwise see whether names and handles are mixed up.",
        frame="staging__posts",
        column="odd_handle_count",
        expected="handles in the form of their platform (X: 1 to 15 letters, digits or underscores; Bluesky: "
        "a domain name; Mastodon: name@server)",
        observed="{odd_handle_count} of {post_count} posts with another form",
        evidence_sql=_STAGING_POSTS_OF_CAPTURE + "handle is not null and not {{ handle_is_well_formed }}" + _BY_RECORD,
    ),
    _staging(
        name="languages_well_formed",
        severity="warning",
        dimension="validity",
        why="Languages are BCP-47 tags (id, en, zh-Hant). X's old codes (in, iw) are mapped; others would "
        "split a language in two.",
        next_step="Add the code to the mapping of languages.",
        frame="staging__posts",
        column="odd_language_count",
        expected="BCP-47 tags, none of X's old codes",
        observed="{odd_language_count} of {post_count} posts with another form",
        evidence_sql=_STAGING_POSTS_OF_CAPTURE
        + "language is not null and (not regexp_full_match(language, '[a-z]{2,3}(-[A-Za-z0-9]{2,8})*') "
        "or language in ('in', 'iw', 'ji'))" + _BY_RECORD,
    ),
    _staging(
        name="no_capture_cap",
        severity="warning",
        dimension="completeness",
        why="A round number of posts, or about 3,200, with a first month that begins late, is a download "
        "that was stopped by a limit: earlier posts exist and are missing.",
        next_step="Ask for the owner's archive, which has no limit, or read the first months as incomplete.",
        frame="staging__posts",
        column="suspected_cap_count",
        expected="not {timeline_cap_from} to {timeline_cap_to} posts, nor a multiple of 100 from "
        "{round_cap_min} on, with a cut first month",
        observed="{dated_post_count} posts from {first_post_on} on",
        thresholds=("timeline_cap_from", "timeline_cap_to", "round_cap_min", "cut_month_days"),
    ),
    _staging(
        name="no_missing_months",
        severity="warning",
        dimension="completeness",
        why="Months without a post inside an export that claims to be whole are a pause of the account, or "
        "a hole in the export. They count as zero.",
        next_step="Ask the owner whether the account paused; otherwise look for another export of these months.",
        frame="staging__posts",
        column="missing_month_count",
        expected="a post in every month between the first and the last",
        observed="{missing_month_count} months without a post from {first_post_on} to {last_post_on}",
        evidence_sql="""
with posts as (
    select date_trunc('month', posted_at at time zone 'UTC') as posted_month
    from ({{ staging_posts }}) as staging_posts
    where capture_id = $capture_id and posted_at is not null
),
months as (
    select unnest(generate_series(min(posted_month), max(posted_month), interval '1 month')) as calendar_month
    from posts
)
select strftime(calendar_month, '%Y-%m') as key
from months
where calendar_month not in (select posted_month from posts)
order by 1
limit 20""",
    ),
    _staging(
        name="no_partial_edge_months",
        severity="warning",
        dimension="completeness",
        why="The first and the last month of a whole export are seldom whole themselves. Set beside whole "
        "months they look like a rise or a fall.",
        next_step="Nothing to do; coverage stands beside every count, and reports leave partial months out of trends.",
        frame="staging__posts",
        column="partial_month_count",
        expected="the covered time begins and ends with a month (within {cut_month_days} day)",
        observed="covered from {covered_from} to {covered_to} (days of UTC)",
        evidence_sql=None,
        thresholds=("cut_month_days",),
    ),
)


def _marts(asset: str, **words: object) -> Check:
    return Check(gate="marts", asset=asset, grain="table", **words)  # type: ignore[arg-type]


_MODEL_FAULT = "This is a fault of the models, not of a file: report it with the rows that are named here."

_DIFFERENT_MONTHS = """
with counted as (
    select account_key, posted_month, kind, count(*) as post_count
    from marts.fct_posts
    where posted_month is not null
    group by 1, 2, 3
)
select concat(
    'account ', coalesce(volume.account_key, counted.account_key), ', ',
    strftime(coalesce(volume.posted_month, counted.posted_month), '%Y-%m'), ', ',
    coalesce(volume.kind, counted.kind), ': ', coalesce(volume.post_count, 0), ' in the volume, ',
    coalesce(counted.post_count, 0), ' posts'
) as key
from marts.fct_post_volume as volume
full outer join counted
    on volume.account_key = counted.account_key
    and volume.posted_month = counted.posted_month
    and volume.kind = counted.kind
where coalesce(volume.post_count, 0) <> coalesce(counted.post_count, 0)
order by 1
limit 20"""

_VOLUME_ROW = "concat('account ', account_key, ', ', strftime(posted_month, '%Y-%m'), ', ', kind)"


def _orphans(table: str) -> str:
    return (
        f"select distinct post_key as key from marts.{table} as facts where not exists "
        "(select 1 from marts.fct_posts as posts where posts.post_key = facts.post_key) order by 1 limit 20"
    )


def _has_posts(asset: str, name: str, column: str, total: str, what: str) -> Check:
    """Every row of a fact hangs on a post."""
    return _marts(
        asset,
        name=name,
        severity="critical",
        dimension="integrity",
        why=f"A row of {what} without its post cannot be traced back to a delivered record, and joins lose it.",
        next_step="Rebuild all marts together. " + _MODEL_FAULT,
        frame=f"marts__{asset}",
        column=column,
        expected=f"a post for every row of {asset}",
        observed=f"{{{column}}} of {{{total}}} rows without their post",
        evidence_sql=_orphans(asset),
    )


MARTS = (
    _marts(
        "fct_posts",
        name="post_keys_unique",
        severity="critical",
        dimension="uniqueness",
        why="Every number counts rows of fct_posts. The same post twice is counted twice, everywhere.",
        next_step=_MODEL_FAULT,
        frame="marts__fct_posts",
        column="repeated_post_key_count",
        expected="every post once",
        observed="{repeated_post_key_count} of {post_row_count} rows repeat a post",
        evidence_sql="select post_key as key from marts.fct_posts group by 1 having count(*) > 1 order by 1 limit 20",
    ),
    _marts(
        "fct_posts",
        name="posts_not_empty",
        severity="critical",
        dimension="completeness",
        why="Accepted captures hold posts, so the marts must. Empty marts would replace good ones without an error.",
        next_step="See which capture's posts are lost in quality.fct_record_accounting. " + _MODEL_FAULT,
        frame="marts__fct_posts",
        column="empty_post_table_count",
        expected="posts, where accepted captures hold any",
        observed="{post_row_count} posts from {loaded_post_count} loaded records",
    ),
    _marts(
        "fct_posts",
        name="no_deleted_posts",
        severity="critical",
        dimension="validity",
        why="What its author deleted must not be shown again.",
        next_step=_MODEL_FAULT,
        frame="marts__fct_posts",
        column="deleted_post_count",
        expected="no post that an accepted capture lists as deleted, and none of an account that is gone",
        observed="{deleted_post_count} of {post_row_count} posts were deleted, or are of an account that is gone",
        evidence_sql="""
select concat('post ', posts.post_id) as key
from marts.fct_posts as posts
where (posts.platform = 'x' and posts.post_id in (
    select raw_records.record_id
    from ({{ raw_records }}) as raw_records
    inner join raw.captures as captures on raw_records.capture_id = captures.capture_id
    where raw_records.record_type = 'deletion' and captures.status = 'accepted'
)) or posts.account_key in (select account_key from intermediate.int_accounts__deletions)
order by 1
limit 20""",
    ),
    _marts(
        "dim_accounts",
        name="registered_handles_have_one_account",
        severity="warning",
        dimension="accuracy",
        why="A handle can change hands. Whoever took over the handle of a registered organisation is not that "
        "organisation, and must not be named for it. Of these handles only the account whose owner handed its export "
        "over is shown by name; where there is none, nobody is.",
        next_step="Find the id of the organisation's account (intermediate.int_accounts__names of the warehouse lists "
        "ids and days of each handle), and state it: `suara accounts register @HANDLE --kind KIND --id ID`.",
        frame="marts__dim_accounts",
        column="contested_handle_count",
        expected="every handle that is registered without an id seen with one account id",
        observed="{contested_handle_count} of {registered_handle_count} registered handles were of several accounts",
        evidence_sql="select concat(organisation_name, ' (', platform, '): ', account_count, ' accounts') as key "
        "from ({{ contested_handles }}) as handles order by 1 limit 20",
    ),
    _marts(
        "int_posts__observations",
        name="records_accounted_for",
        severity="critical",
        dimension="integrity",
        why="Every loaded record is kept, a duplicate, superseded or deleted, and nothing else. A record "
        "without a fate is a post that silently disappeared.",
        next_step=_MODEL_FAULT,
        frame="marts__observations",
        column="unbalanced_capture_count",
        expected="for each capture: delivered = loaded + rejected, and loaded = kept + duplicate + "
        "superseded + deleted",
        observed="{unbalanced_capture_count} of {accounted_capture_count} captures do not add up",
        evidence_sql="""
with loaded as (
    select
        captures.capture_id,
        coalesce(sum(members.loaded_count) filter (where members.record_type in ('post', 'csv_post')), 0)
            as loaded_count
    from raw.captures as captures
    left join raw.capture_members as members on captures.capture_id = members.capture_id
    where captures.status = 'accepted'
    group by 1
),
fates as (
    select
        capture_id,
        count(*) filter (where outcome in ('kept', 'duplicate', 'superseded', 'deleted')) as accounted_count,
        count(*) as record_count,
        count(*) - count(distinct (source, record_no)) as repeated_record_count
    from intermediate.int_posts__observations
    group by 1
)
select concat(
    'capture ', coalesce(loaded.capture_id, fates.capture_id), ': ', coalesce(loaded_count, 0), ' posts loaded, ',
    coalesce(accounted_count, 0), ' accounted for'
) as key
from loaded
full outer join fates on loaded.capture_id = fates.capture_id
where
    loaded_count is distinct from coalesce(accounted_count, 0)
    or coalesce(record_count, 0) <> coalesce(accounted_count, 0)
    or coalesce(repeated_record_count, 0) > 0
order by 1
limit 20""",
    ),
    _marts(
        "int_posts__observations",
        name="kept_records_are_the_posts",
        severity="critical",
        dimension="consistency",
        why="The records that were kept and the rows of fct_posts are the same posts, one for one.",
        next_step=_MODEL_FAULT,
        frame="marts__observations",
        column="kept_difference_count",
        expected="each kept record a post, each post a kept record",
        observed="{kept_record_count} records kept, {kept_post_count} posts, {kept_difference_count} without the other",
        evidence_sql="""
select coalesce(kept.post_key, posts.post_key) as key
from (select post_key from intermediate.int_posts__observations where outcome = 'kept') as kept
full outer join marts.fct_posts as posts on kept.post_key = posts.post_key
where kept.post_key is null or posts.post_key is null
order by 1
limit 20""",
    ),
    _marts(
        "fct_post_volume",
        name="months_sum_to_posts",
        severity="critical",
        dimension="consistency",
        why="The volume is the first answer people read. It must be the posts, counted: account by account, "
        "month by month, kind by kind, of the accounts that reports tell apart.",
        next_step=_MODEL_FAULT,
        frame="marts__fct_post_volume",
        column="volume_difference_count",
        expected="for each account, month and kind as many posts as fct_posts holds",
        observed="{volume_post_count} posts in the volume, {counted_post_count} in fct_posts, "
        "{volume_difference_count} rows differ",
        evidence_sql=_DIFFERENT_MONTHS,
    ),
    _marts(
        "fct_post_volume",
        name="no_zero_outside_coverage",
        severity="critical",
        dimension="validity",
        why="Where nobody looked, nothing is known. A zero there reads as silence of the account.",
        next_step=_MODEL_FAULT,
        frame="marts__fct_post_volume",
        column="zero_outside_coverage_count",
        expected="null, not zero, in months without coverage",
        observed="{zero_outside_coverage_count} of {volume_row_count} rows are zero outside coverage",
        evidence_sql=f"select {_VOLUME_ROW} as key from marts.fct_post_volume where post_count = 0 "
        "and coalesce(coverage_status, '') not in ('observed', 'partial') order by 1 limit 20",
    ),
    _marts(
        "fct_post_volume",
        name="no_null_inside_coverage",
        severity="critical",
        dimension="completeness",
        why="Where the source was looked at and held nothing, the count is zero. A null there hides a silent month.",
        next_step=_MODEL_FAULT,
        frame="marts__fct_post_volume",
        column="null_inside_coverage_count",
        expected="zero, not null, in covered months without posts",
        observed="{null_inside_coverage_count} of {volume_row_count} rows are null inside coverage",
        evidence_sql=f"select {_VOLUME_ROW} as key from marts.fct_post_volume where post_count is null "
        "and coverage_status in ('observed', 'partial') order by 1 limit 20",
    ),
    _marts(
        "fct_post_volume_daily",
        name="days_sum_to_posts",
        severity="critical",
        dimension="consistency",
        why="Days and months must tell the same story.",
        next_step=_MODEL_FAULT,
        frame="marts__fct_post_volume_daily",
        column="daily_difference_count",
        expected="for each account and day as many posts as fct_posts holds",
        observed="{daily_difference_count} days differ ({daily_post_count} posts in the days)",
        evidence_sql="""
with counted as (
    select account_key, posted_date, count(*) as post_count
    from marts.fct_posts
    where posted_date is not null
    group by 1, 2
)
select concat(
    'account ', coalesce(daily.account_key, counted.account_key), ', ',
    coalesce(daily.posted_date, counted.posted_date), ': ', coalesce(daily.post_count, 0), ' in the day, ',
    coalesce(counted.post_count, 0), ' posts'
) as key
from marts.fct_post_volume_daily as daily
full outer join counted on daily.account_key = counted.account_key and daily.posted_date = counted.posted_date
where coalesce(daily.post_count, 0) <> coalesce(counted.post_count, 0)
order by 1
limit 20""",
    ),
    _marts(
        "fct_post_hashtags",
        name="hashtag_once_per_post",
        severity="critical",
        dimension="uniqueness",
        why="A hashtag is counted in posts, not in occurrences: written twice in one post it is one post.",
        next_step=_MODEL_FAULT,
        frame="marts__fct_post_hashtags",
        column="repeated_hashtag_count",
        expected="each hashtag once per post",
        observed="{repeated_hashtag_count} of {hashtag_row_count} rows repeat a post's hashtag",
        evidence_sql="select concat('post_key ', post_key, ', ', count(*), ' times') as key from "
        "marts.fct_post_hashtags group by post_key, hashtag having count(*) > 1 order by 1 limit 20",
    ),
    _has_posts("fct_post_hashtags", "hashtags_have_posts", "orphaned_hashtag_count", "hashtag_row_count", "hashtags"),
    _marts(
        "fct_post_hashtags",
        name="entities_agree_with_text",
        severity="warning",
        dimension="consistency",
        why="Hashtags are counted as the source marked them. Where the texts show others, the source left its lists "
        "empty or they belong to other texts, and every count of hashtags is wrong.",
        next_step="Look at some posts of the captures that are named here; if their text is right, ask for another "
        "export.",
        frame="marts__entities",
        column="unlike_capture_count",
        expected="in each capture of at least {entity_comparison_n_min} posts with hashtags at most "
        "{entity_difference_share_max:.0%} whose text shows others (of a sample)",
        observed="{unlike_capture_count} of {compared_capture_count} captures unlike their texts; "
        "{differing_post_count} of {compared_post_count} posts differ",
        evidence_sql="select concat('capture ', capture_id, ': ', differing_count, ' of ', compared_count, ' posts "
        "differ') as key from ({{ entity_comparison }}) as captures "
        "where compared_count >= {{ entity_comparison_n_min }} "
        "and differing_count > {{ entity_difference_share_max }} * compared_count order by 1 limit 20",
        thresholds=("entity_difference_share_max", "entity_comparison_n_min"),
    ),
    _has_posts("fct_theme_hits", "theme_hits_have_posts", "orphaned_hit_count", "theme_hit_count", "theme hits"),
    _marts(
        "fct_theme_hits",
        name="theme_hits_inside_text",
        severity="critical",
        dimension="accuracy",
        why="A hit says which letters of the post made it a theme. Outside the text it proves nothing.",
        next_step=_MODEL_FAULT,
        frame="marts__fct_theme_hits",
        column="misplaced_hit_count",
        expected="0 <= start < end <= length of the text",
        observed="{misplaced_hit_count} of {theme_hit_count} hits lie outside their text",
        evidence_sql="select concat('post_key ', hits.post_key, ', term ', hits.term_id, ', ', "
        "hits.span_start, ' to ', hits.span_end) as key from marts.fct_theme_hits as hits inner join "
        "marts.fct_posts as posts on hits.post_key = posts.post_key where hits.span_start is not null "
        "and not coalesce(hits.span_start >= 0 and hits.span_end > hits.span_start "
        "and hits.span_end <= length(posts.text), false) order by 1 limit 20",
    ),
    _has_posts("fct_post_themes", "post_themes_have_posts", "orphaned_theme_count", "post_theme_count", "themes"),
    _has_posts(
        "fct_interactions",
        "interactions_have_posts",
        "orphaned_interaction_count",
        "interaction_count",
        "interactions",
    ),
    _marts(
        "fct_interactions",
        name="interaction_once_per_post",
        severity="critical",
        dimension="uniqueness",
        why="An account mentioned twice in one post is one interaction; counted twice it would weigh double.",
        next_step=_MODEL_FAULT,
        frame="marts__fct_interactions",
        column="repeated_interaction_count",
        expected="each target once per post and kind",
        observed="{repeated_interaction_count} of {interaction_count} rows repeat an interaction",
        evidence_sql="select concat('post_key ', post_key, ', ', kind) as key from marts.fct_interactions "
        "group by post_key, target_account_key, kind having count(*) > 1 order by 1 limit 20",
    ),
    _has_posts(
        "fct_post_engagement",
        "engagement_has_posts",
        "orphaned_engagement_count",
        "engagement_row_count",
        "engagement",
    ),
    _marts(
        "fct_post_engagement",
        name="no_reposts_in_engagement",
        severity="critical",
        dimension="accuracy",
        why="A repost carries the counts of the original post, which is somebody else's success.",
        next_step=_MODEL_FAULT,
        frame="marts__fct_post_engagement",
        column="repost_engagement_count",
        expected="no repost",
        observed="{repost_engagement_count} of {engagement_row_count} rows belong to reposts",
        evidence_sql="select distinct engagement.post_key as key from marts.fct_post_engagement as "
        "engagement inner join marts.fct_posts as posts on engagement.post_key = posts.post_key where "
        "posts.kind = 'repost' order by 1 limit 20",
    ),
)


def _publish(**words: object) -> Check:
    return Check(gate="publish", asset="social_bi", grain="table", **words)  # type: ignore[arg-type]


_BUILD_AGAIN = "Publish again; if it stays, report it with the tables that are named here."

PUBLISH = (
    _publish(
        name="published_rows_equal_warehouse",
        severity="critical",
        dimension="consistency",
        why="Readers must see the audited tables, whole: no table more or less, no row more or less.",
        next_step=_BUILD_AGAIN,
        frame="publish__tables",
        column="row_count_difference",
        expected="every table with as many rows as in the warehouse",
        observed="{subject} has {published_count} rows, {warehouse_count} in the warehouse",
        judges_every_row=True,
        rows_are="tables equal the warehouse",
    ),
    _publish(
        name="tables_have_comments",
        severity="critical",
        dimension="completeness",
        why="The file explains itself: a person who opens it in any tool sees what a table is.",
        next_step="Describe the model in its YAML file, then build and publish.",
        frame="publish__tables",
        column="uncommented_table_count",
        expected="a comment on every table",
        observed="{subject} has none",
        judges_every_row=True,
        rows_are="tables have a comment",
    ),
    _publish(
        name="columns_have_comments",
        severity="critical",
        dimension="completeness",
        why="The file explains itself: a person who opens it in any tool sees what a column means.",
        next_step="Describe the columns in the model's YAML file, then build and publish.",
        frame="publish__tables",
        column="uncommented_column_count",
        expected="a comment on every column",
        observed="{subject} lacks {uncommented_column_count} of {column_count}",
        judges_every_row=True,
        rows_are="tables have a comment on every column",
    ),
    _publish(
        name="marts_have_primary_keys",
        severity="critical",
        dimension="uniqueness",
        why="The key says what one row is, and the file itself then refuses a second one.",
        next_step="State the primary key in the model's contract, then build and publish.",
        frame="publish__tables",
        column="missing_key_count",
        expected="a primary key on every mart",
        observed="{subject} has none",
        judges_every_row=True,
        rows_are="marts have a primary key",
    ),
    _publish(
        name="facts_published",
        severity="critical",
        dimension="completeness",
        why="The posts and the four facts (volume, hashtags, themes, interactions) are what the file is for.",
        next_step="Build every model, then publish.",
        frame="publish__file",
        column="missing_fact_count",
        expected="fct_posts, fct_post_volume, fct_post_hashtags, fct_post_themes, fct_interactions",
        observed="{missing_fact_count} of them missing",
        demands_rows=True,
    ),
    _publish(
        name="only_published_schemas",
        severity="critical",
        dimension="validity",
        why="Raw records, deleted posts and work in progress are not for readers.",
        next_step=_BUILD_AGAIN,
        frame="publish__file",
        column="unexpected_schema_count",
        expected="the schemas marts, reports and quality, nothing else",
        observed="{unexpected_schema_count} other schemas, or tables outside these three",
        evidence_sql="select schema_name as key from duckdb_schemas() where database_name = "
        "current_database() "
        "and not internal and schema_name not in ('main', 'marts', 'reports', 'quality') union all "
        "select concat('main.', table_name) from duckdb_tables() where database_name = current_database() "
        "and schema_name = 'main' order by 1 limit 20",
    ),
    _publish(
        name="no_views",
        severity="critical",
        dimension="integrity",
        why="A view reads other files, which readers do not have; it breaks in their tool, not here.",
        next_step="Publish the model as a table.",
        frame="publish__file",
        column="view_count",
        expected="tables only",
        observed="{view_count} views",
        evidence_sql="select concat(schema_name, '.', view_name) as key from duckdb_views() "
        "where database_name = current_database() and not internal order by 1 limit 20",
    ),
    _publish(
        name="readable_by_older_tools",
        severity="warning",
        dimension="validity",
        why="BI tools embed DuckDB 1.2 to 1.5. A file in a newer storage format is refused by all of them.",
        next_step="Write the file with storage version v1.2.0.",
        frame="publish__file",
        column="storage_version",
        expected="storage version v1.0.0 or v1.2.0",
        observed="storage version {storage_version}",
    ),
    _publish(
        name="published_accounting_balances",
        severity="critical",
        dimension="integrity",
        why="Readers can check themselves that no record was lost: the published accounting must add up.",
        next_step="Build the quality layer again, then publish.",
        frame="publish__accounting",
        column="unbalanced_publication_count",
        expected="for every accepted capture: delivered = loaded + rejected, loaded = kept + duplicate + "
        "superseded + deleted; and the kept records are the published posts",
        observed="{accounting_row_count} rows, {accounted_post_count} records kept, {published_post_count} "
        "posts published; {unbalanced_publication_count} do not add up",
        evidence_sql="""
select concat('capture ', capture_id, ', ', record_type, ': ', delivered_count, ' delivered, ', loaded_count,
    ' loaded, ', rejected_count, ' rejected; ', coalesce(kept_count, 0), ' kept, ', coalesce(duplicate_count, 0),
    ' duplicate, ', coalesce(superseded_count, 0), ' superseded, ', coalesce(deleted_count, 0), ' deleted') as key
from quality.fct_record_accounting
where
    coalesce(delivered_count <> loaded_count + rejected_count, true)
    or coalesce(
        loaded_post_count <> kept_count + duplicate_count + superseded_count + deleted_count,
        loaded_post_count is not null
    )
order by 1
limit 20""",
    ),
    _publish(
        name="reports_name_organisations_only",
        severity="critical",
        dimension="validity",
        why="Private people who are mentioned or answered did not choose to be in a report. Reports name "
        "registered organisations and the owners of captures; everybody else is counted, not named.",
        next_step="Register the account if it is an organisation's; otherwise leave its handle out of the report.",
        frame="publish__handles",
        column="unregistered_handle_count",
        expected="handles of registered organisations and of capture owners only",
        observed="{unregistered_handle_count} of {report_handle_count} handles in the reports belong to others",
        # the place is named, never the handle: outcomes are published
        evidence_sql="""
select concat(place, ': ', count(distinct handle), ' handles') as key
from ({{ report_handles }}) as report_handles
where handle not in (
    select lower(handle) from marts.dim_organisations where handle is not null
    union
    select lower(handles.handle)
    from marts.dim_account_handles as handles
    inner join marts.dim_accounts as accounts on handles.account_key = accounts.account_key
    where handles.handle is not null and (accounts.is_registered or accounts.is_capture_owner or accounts.is_focal)
    union
    select lower(handle) from marts.dim_accounts
    where handle is not null and (is_registered or is_capture_owner or is_focal)
)
group by place
order by place
limit 20""",
    ),
    _publish(
        name="private_persons_unnamed",
        severity="critical",
        dimension="validity",
        why="Whoever is not registered never chose to be in this file: it holds no handle, id or text of theirs, "
        "no link to them, and no text that calls them by name. What is told of captures names with @ nobody but "
        "registered accounts.",
        next_step="Register the account if it is an organisation's (`suara accounts register`). " + _MODEL_FAULT,
        frame="publish__people",
        column="private_person_count",
        expected="no handle, display name, id or text of an account that is not registered",
        observed="{private_person_count} places name or show somebody who is not registered",
        evidence_sql="""
select concat(place, ': ', count(*), ' times') as key
from ({{ private_mentions }}) as mentions
group by place
order by place
limit 20""",
    ),
    _publish(
        name="others_only_together",
        severity="critical",
        dimension="validity",
        why="A count about one private person, or about a few, tells of them to everybody who knows a little. Accounts "
        "that reports do not tell apart are counted together, and cells with few posts or few accounts are held back.",
        next_step="Register the account if it is an organisation's (`suara accounts register`). " + _MODEL_FAULT,
        frame="publish__people",
        column="small_cell_count",
        expected="no row of counts about a single account that is neither registered, nor owner of a capture, nor the "
        "study's; no cell of all others with fewer than {smallest_cell} posts or accounts",
        observed="{small_cell_count} rows tell of one private person or of a few",
        evidence_sql="""
select concat(place, ': ', count(*), ' rows') as key
from ({{ rows_of_others }}) as rows_of_others
group by place
order by place
limit 20""",
        thresholds=("smallest_cell",),
    ),
    _publish(
        name="texts_without_personal_data",
        severity="critical",
        dimension="validity",
        why="A telephone number, a number of an identity card or an e-mail address leads to a person, in a post as in "
        "what is told of a record that was not loaded.",
        next_step="Look at the texts that are named here. " + _MODEL_FAULT,
        frame="publish__people",
        column="personal_data_count",
        expected="no e-mail address, mobile number or number of an identity card in anything that is published, links "
        "among it",
        observed="{personal_data_count} texts or lists of links hold one",
        evidence_sql="""
select concat(place, ': ', count(*), ' times') as key
from ({{ published_words }}) as texts
where {{ holds_personal_data }}
group by place
order by place
limit 20""",
    ),
    _publish(
        name="no_critical_check_failed",
        severity="critical",
        dimension="integrity",
        why="The gates before this one must have been open for what is published, whatever was run by hand between.",
        next_step="Materialize everything again, and look at the checks that are named here.",
        frame="publish__outcomes",
        column="failed_critical_count",
        expected="no failed critical check of an accepted capture or of a table in the newest evaluations",
        observed="{failed_critical_count} critical checks failed",
        evidence_sql="""
with newest_runs as (
    select gate, arg_max(run_id, checked_at) as run_id
    from warehouse.raw.check_outcomes
    where gate <> 'publish'
    group by 1
)
select distinct concat(
    outcomes.gate, ': ', outcomes.check_name, ' of ', coalesce('capture ' || outcomes.capture_id, outcomes.asset)
) as key
from warehouse.raw.check_outcomes as outcomes
inner join newest_runs on outcomes.gate = newest_runs.gate and outcomes.run_id = newest_runs.run_id
left join warehouse.raw.captures as captures
    on outcomes.capture_id = captures.capture_id and captures.status = 'accepted'
where
    outcomes.severity = 'critical'
    and outcomes.passed is not true
    and (outcomes.capture_id is null or captures.capture_id is not null)
    and captures.status_decided_by is distinct from 'user'
order by 1
limit 20""",
    ),
    _publish(
        name="every_critical_check_spoke",
        severity="critical",
        dimension="completeness",
        why="A check that was never carried out has not passed. Silence never opens a gate.",
        next_step="Materialize everything again.",
        frame="publish__outcomes",
        column="silent_critical_count",
        expected="an outcome of every critical check for every accepted capture and table",
        observed="{silent_critical_count} of {demanded_outcome_count} outcomes are missing",
    ),
)

CATALOG: tuple[Check, ...] = (*RAW, *STAGING, *MARTS, *PUBLISH)


def for_gate(gate: str) -> tuple[Check, ...]:
    """The checks of one gate, in the order in which they are shown."""
    return tuple(check for check in CATALOG if check.gate == gate)
