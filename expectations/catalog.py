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
        next_step="Open the file: is it the export that was meant, and complete? Name the source if it was not "
        "recognised.",
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
        evidence_sql="select concat(member, ' (', record_type, '): ', delivered_count, ' delivered, ', loaded_count, "
        "' loaded, ', rejected_count, ' rejected') as key from raw.capture_members where capture_id = $capture_id "
        "and delivered_count is distinct from loaded_count + rejected_count order by member limit 20",
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
        next_step="Read the reasons in raw.rejected_records; correct the file if the records matter.",
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
        why="When many records cannot be read, the file is damaged or is not what it was taken for; the rest is then "
        "not to be trusted either.",
        next_step="Read the reasons in raw.rejected_records. " + _SET_RIGHT,
        frame="raw__accounting",
        column="judged_rejected_share",
        expected="at most {rejected_share_max:.0%} of the records rejected (judged from {rejected_count_min} rejected "
        "records on, or above {rejected_share_short_file_max:.0%})",
        observed="{rejected_count} of {delivered_count} records rejected ({rejected_share:.1%})",
        failing_column="rejected_count",
        evidence_sql="select concat('record ', record_no, ' of ', member, ' (', reason_code, ')') as key "
        "from raw.rejected_records where capture_id = $capture_id order by member, record_no limit 20",
        thresholds=("rejected_share_max", "rejected_count_min", "rejected_share_short_file_max"),
    ),
    _raw(
        name="control_totals_agree",
        severity="warning",
        dimension="consistency",
        why="Sources state how many posts they hold. A different count means a cut export, or a source that counts "
        "otherwise: old X archives state more posts than they contain, so this alone closes nothing.",
        next_step="Compare the statements in quality.fct_control_totals; ask for a new export if posts are missing.",
        frame="raw__accounting",
        column="disagreeing_total_count",
        expected="every count that the source states about itself equals the count made here",
        observed="{disagreeing_total_count} of {stated_total_count} statements disagree",
        evidence_sql="select concat(statement, ': states ', coalesce(cast(stated_count as varchar), 'nothing'), "
        "', counted ', coalesce(cast(counted_count as varchar), 'nothing')) as key from raw.control_totals "
        "where capture_id = $capture_id and agrees is not true order by statement limit 20",
    ),
    _raw(
        name="owner_known",
        severity="warning",
        dimension="completeness",
        why="Without its owner a capture cannot say for which account it is complete: its months stay samples.",
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
        observed="observed at {observed_at} ({observed_at_basis})",
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
        severity="critical",
        dimension="completeness",
        why="A record without its id can be neither counted once nor found again.",
        next_step="See whether the export lost a column. " + _SET_RIGHT,
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
        why="Ids of X are whole numbers of up to 19 digits. Anything else (1.2E+18, quotes, a link) is a file that "
        "another program rewrote.",
        next_step="Deliver the export as it was downloaded, without opening it in a spreadsheet.",
        frame="raw__ids",
        column="malformed_id_count",
        expected="ids of 1 to 19 digits, nothing else",
        observed="{malformed_id_count} of {record_count} ids are not whole numbers",
        evidence_sql=_RAW_RECORDS_OF_CAPTURE
        + "trim(record_id) <> '' and not regexp_full_match(record_id, '{{ id_pattern }}')"
        + _IN_ORDER,
    ),
    _raw(
        name="ids_not_damaged_by_excel",
        severity="critical",
        dimension="accuracy",
        why="Excel keeps 15 digits of a number: ids then end in zeros and belong to other posts, or to none.",
        next_step="Deliver the export as it was downloaded. Where another capture holds the same posts undamaged, "
        "(author, id >> 22) finds the exact id again.",
        frame="raw__ids",
        column="judged_excel_id_share",
        expected="fewer than {excel_id_share_max:.0%} of the long ids rounded to 15 digits (by chance: about 1 in 100; "
        "judged from {damaged_id_n_min} ids on)",
        observed="{excel_id_count} of {long_id_count} ids of 17 and more digits are rounded to 15 digits "
        "({excel_id_share:.1%})",
        failing_column="excel_id_count",
        evidence_sql=_RAW_RECORDS_OF_CAPTURE + _EXCEL + _IN_ORDER,
        thresholds=("excel_id_share_max", "damaged_id_n_min"),
    ),
    _raw(
        name="ids_not_damaged_by_javascript",
        severity="critical",
        dimension="accuracy",
        why="JavaScript prints large numbers rounded: most ids then end in 00 and belong to other posts, or to none.",
        next_step="Use the export's text ids (id_str), or deliver it as it was downloaded. Where another capture holds "
        "the same posts undamaged, (author, id >> 22) finds the exact id again.",
        frame="raw__ids",
        column="judged_javascript_id_share",
        expected="fewer than {javascript_id_share_max:.0%} of the ids since 2013 end in 00 (by chance: about 2 in 100; "
        "judged from {damaged_id_n_min} ids on)",
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
        severity="critical",
        dimension="accuracy",
        why="A program that kept ids as 64-bit floats changed two of three of them without a trace but this one: "
        "every id then equals its own rounded value.",
        next_step="Deliver the export as it was downloaded. Where another capture holds the same posts undamaged, "
        "(author, id >> 22) finds the exact id again.",
        frame="raw__ids",
        column="judged_float_id_share",
        expected="fewer than {float_id_share_max:.0%} of the long ids equal their rounded value (by chance: 3 to 8 in "
        "10; judged from {float_id_n_min} ids on)",
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
        why="The same post twice in one export is real (months listed twice, pages that overlap). It is counted once "
        "later on; here it is only told.",
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
        severity="critical",
        dimension="completeness",
        why="The post's key is made from its id. Without one the post cannot be counted once.",
        next_step="See whether the export lost a column. " + _SET_RIGHT,
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
        expected="no post later than {posted_after_observed_hours} hours after the export (or after it was received, "
        "where the export's time is unknown)",
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
        evidence_sql=f"""
select {_POST} as key
from ({{{{ staging_posts }}}}) as staging_posts
where
    capture_id = $capture_id
    and platform = 'x'
    and try_cast(post_id as bigint) >= 34359738368
    and abs(epoch_ms(posted_at) - ((try_cast(post_id as bigint) >> 22) + 1288834974657)) / 1000
    > case posted_at_precision when 'day' then 86400 when 'minute' then 60 else 0 end
    + {{{{ time_in_id_tolerance_seconds }}}}"""
        + _BY_RECORD,
        thresholds=("time_in_id_tolerance_seconds",),
    ),
    _staging(
        name="times_not_shifted",
        severity="critical",
        dimension="accuracy",
        why="When many stated times differ from the time in the id, the clock was misread as a whole: a local time "
        "taken for UTC, day and month swapped. Every day and hour count would be wrong.",
        next_step="See by how much the times are off: whole hours are a time zone. " + _SET_RIGHT,
        frame="staging__posts",
        column="judged_time_off_share",
        expected="at most {time_off_share_max:.0%} of the times off (judged from {time_off_count_min} posts on, or "
        "above {time_off_share_short_file_max:.0%})",
        observed="{time_off_count} of {timed_id_count} posts are off ({time_off_share:.2%}){off_by}",
        failing_column="time_off_count",
        evidence_sql=f"""
select {_POST} as key
from ({{{{ staging_posts }}}}) as staging_posts
where
    capture_id = $capture_id
    and platform = 'x'
    and try_cast(post_id as bigint) >= 34359738368
    and abs(epoch_ms(posted_at) - ((try_cast(post_id as bigint) >> 22) + 1288834974657)) / 1000
    > case posted_at_precision when 'day' then 86400 when 'minute' then 60 else 0 end
    + {{{{ time_in_id_tolerance_seconds }}}}"""
        + _BY_RECORD,
        thresholds=(
            "time_in_id_tolerance_seconds",
            "time_off_share_max",
            "time_off_count_min",
            "time_off_share_short_file_max",
        ),
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
        why="Exports give a repost the counts of the original post. Added up, they inflate engagement (53-fold on a "
        "real account).",
        next_step="This is a fault of the staging model, not of the file: report it with the name of the source.",
        frame="staging__posts",
        column="repost_with_metrics_count",
        expected="no counts on reposts",
        observed="{repost_with_metrics_count} reposts carry counts",
        evidence_sql=_STAGING_POSTS_OF_CAPTURE
        + "kind = 'repost' and has_metrics" + _BY_RECORD,
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
        observed="{complete_own_post_count} of {own_post_count} own texts whole ({complete_text_share:.1%})",
        failing_column="cut_own_post_count",
        evidence_sql=_STAGING_POSTS_OF_CAPTURE
        + "kind <> 'repost' and text_is_complete is not true"
        + _BY_RECORD,
        thresholds=("complete_text_share_min",),
    ),
    _staging(
        name="texts_present",
        severity="critical",
        dimension="completeness",
        why="A post without text (empty is allowed, absent is not) was not read right.",
        next_step="See whether the export lost a column. " + _SET_RIGHT,
        frame="staging__posts",
        column="missing_text_count",
        expected="a text in every post",
        observed="{missing_text_count} of {post_count} posts without a text",
        evidence_sql=_STAGING_POSTS_OF_CAPTURE + "not has_text" + _BY_RECORD,
    ),
    _staging(
        name="handles_well_formed",
        severity="warning",
        dimension="validity",
        why="Handles on X have up to 15 letters, digits or underscores. Another form is a display name in the wrong "
        "column, or a made-up account: the demo's handle is longer on purpose, so that it can be nobody's.",
        next_step="Nothing to do for synthetic data; otherwise see whether names and handles are mixed up.",
        frame="staging__posts",
        column="odd_handle_count",
        expected="1 to 15 letters, digits or underscores",
        observed="{odd_handle_count} of {post_count} posts with another form",
        evidence_sql=_STAGING_POSTS_OF_CAPTURE
        + "handle is not null and not regexp_full_match(handle, '[A-Za-z0-9_]{1,15}')"
        + _BY_RECORD,
    ),
    _staging(
        name="languages_well_formed",
        severity="warning",
        dimension="validity",
        why="Languages are BCP-47 tags (id, en, zh-Hant). X's old codes (in, iw) are mapped; others would split a "
        "language in two.",
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
        why="A round number of posts, or about 3,200, with a first month that begins late, is a download that was "
        "stopped by a limit: earlier posts exist and are missing.",
        next_step="Ask for the owner's archive, which has no limit, or read the first months as incomplete.",
        frame="staging__posts",
        column="suspected_cap_count",
        expected="not {timeline_cap_from} to {timeline_cap_to} posts, nor a multiple of 100 from {round_cap_min} on, "
        "with a cut first month",
        observed="{dated_post_count} posts from {first_post_on} on",
        thresholds=("timeline_cap_from", "timeline_cap_to", "round_cap_min", "cut_month_days"),
    ),
    _staging(
        name="no_missing_months",
        severity="warning",
        dimension="completeness",
        why="Months without a post inside an export that claims to be whole are a pause of the account, or a hole in "
        "the export. They count as zero.",
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
        why="The first and the last month of a whole export are seldom whole themselves. Set beside whole months they look like a rise "
        "or a fall.",
        next_step="Nothing to do; coverage stands beside every count, and reports leave partial months out of trends.",
        frame="staging__posts",
        column="partial_month_count",
        expected="the covered time begins and ends with a month (within {cut_month_days} day)",
        observed="covered from {covered_from} to {covered_to}",
        evidence_sql=None,
        thresholds=("cut_month_days",),
    ),
)

CATALOG: tuple[Check, ...] = (*RAW, *STAGING)


def for_gate(gate: str) -> tuple[Check, ...]:
    """The checks of one gate, in the order in which they are shown."""
    return tuple(check for check in CATALOG if check.gate == gate)
