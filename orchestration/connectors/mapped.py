"""Any table of posts by a map that its owner wrote (`FILE.map.yml` beside FILE).

Belongs here: from a map to what `tabular` loads. Does not belong here: the map's words (`column_map`), cells
(`tables`).

What depends on the map of one capture is done here, not in staging, since every capture has another: the time becomes
UTC by its format and zone, counts lose the marks between their digits, kinds become ours. The time stays beside it as
delivered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.connectors.base import LoadResult, Progress, quote, raw_table_ddl
from orchestration.connectors.column_map import COUNTS, FIELDS, KINDS, TIME_WORDS, ColumnMap, read_map
from orchestration.connectors.files import CaptureFiles
from orchestration.connectors.records import all_or_nothing, told_names
from orchestration.connectors.tables import (
    JSON_LINES,
    PARQUET,
    TEXT,
    WORKBOOK,
    normalised,
    table_heads,
)
from orchestration.connectors.tabular import (
    ID_CELL,
    POST_ADDRESS_PATTERN,
    Problem,
    TableFormat,
    TableLoad,
    match,
)
from orchestration.contract import MAP_SUFFIX, InputError

_COLUMNS = (*FIELDS, "posted_at_utc", "posted_at_precision", "list_separator", "kept")
RAW_TABLES: dict[str, str] = {"mapped_posts": raw_table_ddl("mapped_posts", dict.fromkeys(_COLUMNS, "VARCHAR"))}

_MAX_MAP_BYTES = 1 << 20
# Day numbers of Excel from 2000 to 2064; anything else is no date.
EXCEL_SERIAL = "(3[6-9]|[45][0-9])[0-9]{3}([.][0-9]+)?"
_WHOLE_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
_OFFSET = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"


class Mapped:
    """Reads any table of posts by a map of its columns."""

    source = "mapped"
    platform = "x"
    raw_tables: Mapping[str, str] = RAW_TABLES

    def detect(self, files: CaptureFiles) -> bool:
        """Whether a map came with the table.

        Raises:
            InputError: The map cannot be followed, or names columns that the table does not have.
        """
        if map_member(files) is None:
            return False
        _plan(files)
        return True

    def load(
        self,
        con: duckdb.DuckDBPyConnection,
        capture_id: str,
        files: CaptureFiles,
        scratch: Path,
        progress: Progress | None = None,
    ) -> LoadResult:
        """See `Connector.load`."""
        with all_or_nothing(con, capture_id, RAW_TABLES, files):
            plan = _plan(files)
            load = _MappedLoad(
                con,
                capture_id,
                files,
                scratch,
                plan.format,
                progress or (lambda _: None),
                members=plan.members,
                delimiter=plan.map.delimiter,
                encoding=plan.map.encoding,
            )
            load.map = plan.map
            return load.run()


CONNECTOR = Mapped()


def map_member(files: CaptureFiles) -> str | None:
    """The map that came with a capture."""
    return next((member.name for member in files.members() if member.name.endswith(MAP_SUFFIX)), None)


@dataclass(frozen=True)
class _Plan:
    """A map, and the format that it declares for the tables of one capture."""

    map: ColumnMap
    format: TableFormat
    members: tuple[str, ...] | None


def _plan(files: CaptureFiles) -> _Plan:
    name = map_member(files)
    if name is None:
        raise InputError(
            file=files.name,
            expected=f"a map of its columns, {files.name}{MAP_SUFFIX}, beside it",
            found="none",
            next_step="`suara map FILE` proposes one.",
            code="missing_map",
        )
    column_map = read_map(files.head_text(name, _MAX_MAP_BYTES), name)
    table = name.removesuffix(MAP_SUFFIX)
    members = (table,) if files.has(table) else None
    table_format = format_of(column_map)
    heads = table_heads(files, members=members, delimiter=column_map.delimiter, encoding=column_map.encoding)
    if not any(match(table_format, head) for head in heads):
        known = [normalised(cell) for head in heads for row in head.rows for cell in row]
        mapped = [normalised(one.column) for one in column_map.columns]
        for one in column_map.columns:
            if normalised(one.column) not in known:
                shown = next((head.rows[0] for head in heads if head.rows), ())
                raise InputError(
                    file=f"{name}, line {one.line}",
                    expected=f"a column of {table}, which has {told_names(map(normalised, shown), mapped)}",
                    found="none of the name in this line",
                    next_step="Write the name as in the header of the table.",
                    code="bad_map",
                )
    return _Plan(column_map, table_format, members)


def format_of(column_map: ColumnMap) -> TableFormat:
    """The format that a map declares: all its columns, under the names that the map gives."""
    columns = {field: (normalised(one.column),) for field, one in column_map.fields.items()}
    columns |= {_kept_name(number): (normalised(one.column),) for number, one in enumerate(column_map.kept)}
    is_x = column_map.platform == "x"
    return TableFormat(
        source=Mapped.source,
        title="a table with the columns of its map",
        columns=columns,
        signatures=(frozenset(columns),),
        id_column="post_id" if "post_id" in columns else None,
        link_column="link" if "link" in columns and is_x else None,
        required=("text", "posted_at"),
        rules={"post_id": ID_CELL} if is_x and "post_id" in columns else {},
        handle_column="handle" if "handle" in columns or column_map.author else None,
        account_id_column="account_id" if "account_id" in columns else None,
        name_column="account_name" if "account_name" in columns else None,
        platform=column_map.platform,
        kinds=(TEXT, WORKBOOK, PARQUET, JSON_LINES),
    )


def _kept_name(number: int) -> str:
    return f"kept_{number}"


class _MappedLoad(TableLoad):
    """Fills `raw.mapped_posts` as the map says."""

    map: ColumnMap

    @property
    def raw_columns(self) -> tuple[str, ...]:
        """See `TableLoad`: the same for every map."""
        return _COLUMNS

    def expressions(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """See `TableLoad`."""
        cells = {name: self._observed(cell) for name, cell in cells.items()}
        said = {name: cell for name, cell in cells.items() if name in FIELDS}
        for name in COUNTS:
            if name in said:
                said[name] = count_sql(said[name], self.map.thousands)
        if "kind" in said and self.map.kinds:
            words = " ".join(f"when {quote(word)} then {quote(kind)}" for word, kind in self.map.kinds.items())
            said["kind"] = f"case lower(trim({said['kind']})) {words} else {said['kind']} end"
        if self.map.author:
            said["handle"] = self._author(said)
        kept = ", ".join(
            f"{quote(one.column)}, {cells[_kept_name(number)]}" for number, one in enumerate(self.map.kept)
        )
        precision = precision_sql(said["posted_at"], self.map.time_formats)
        instant = instant_sql(said["posted_at"], self.map.time_formats, self.map.time_zone)
        if self.map.time_zone and self.map.time_zone != "UTC" and precision not in _TIMED:
            # a day without a time is that day wherever it is counted: midnight in Jakarta is the day before in UTC
            day = instant_sql(said["posted_at"], self.map.time_formats, "UTC")
            instant = f"(case when {precision} = 'day' then {day} else {instant} end)"
        return {
            **said,
            "posted_at_utc": f"strftime({instant} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')",
            "posted_at_precision": precision,
            "list_separator": quote(self.map.list_separator),
            "kept": f"cast(json_object({kept}) as varchar)" if kept else "null",
        }

    def _author(self, said: Mapping[str, str]) -> str:
        """The handle that the row names, else the one in the address of the post, else the one that the map names."""
        named = [f"nullif(trim({said['handle']}), '')"] if "handle" in said else []
        if "link" in said and self.map.platform == "x":
            named.append(f"nullif(regexp_extract({said['link']}, '{POST_ADDRESS_PATTERN}', 1), '')")
        return f"coalesce({', '.join([*named, quote(self.map.author or '')])})"

    def _observed(self, cell: str) -> str:
        if not self.map.missing:
            return cell
        return f"case when trim({cell}) not in ({', '.join(quote(mark) for mark in self.map.missing)}) then {cell} end"

    def problems(self) -> list[Problem]:
        """See `TableLoad`: also times, counts and kinds that the map does not read."""
        problems = super().problems()
        said = self.map.fields
        formats = " or ".join(TIME_WORDS.get(one, one) for one in self.map.time_formats)
        problems.append(
            Problem(
                "posted_at is not null and posted_at_utc is null",
                "bad_time",
                f"a time such as {formats}",
                "posted_at = ",
                "Correct time_format in the map, or add the form of this time to its list.",
                "posted_at",
            )
        )
        for name in COUNTS:
            if name in said:
                problems.append(
                    Problem(
                        f"{name} is not null and not regexp_full_match({name}, '[0-9]{{1,15}}')",
                        "wrong_type",
                        "a whole number",
                        f"{name} = ",
                        "State in the map what `missing` cells hold, or what groups `thousands`.",
                        name,
                    )
                )
        if "kind" in said:
            problems.append(
                Problem(
                    f"kind not in ({', '.join(quote(kind) for kind in KINDS)})",
                    "unknown_kind",
                    f"one of {', '.join(KINDS)}",
                    "kind = ",
                    "Translate this word under `kinds` in the map.",
                    "kind",
                )
            )
        return problems


def count_sql(cell: str, thousands: str) -> str:
    """A count as digits: `1.938` in groups as the map says, `1938.0` as programs print whole numbers.

    A cell that is written in another way stays as it is, to be rejected: `1,5` is not 15, and `1.000` is 1 to some and
    1,000 to others.
    """
    text, pattern = f"trim({cell})", f"[0-9]{{1,3}}({re.escape(thousands)}[0-9]{{3}})+" if thousands else "[0-9]+"
    return (
        f"case when regexp_full_match({text}, {quote(pattern)}) then replace({text}, {quote(thousands or ' ')}, '')"
        f" else regexp_replace({text}, '^([0-9]+)[.,]0{{1,2}}$', '\\1') end"
    )


def instant_sql(cell: str, formats: tuple[str, ...], zone: str | None) -> str:
    """The instant that a cell names, by the formats of a map; null when none of them reads it."""
    text, in_zone = f"trim({cell})", f"at time zone {quote(zone)}" if zone else None
    if formats[0] == "excel":
        seconds = f"to_seconds(cast(round(try_cast({text} as double) * 86400) as bigint))"
        serial = f"case when regexp_full_match({text}, '{EXCEL_SERIAL}') then timestamp '1899-12-30' + {seconds} end"
        return f"(({serial}) {in_zone})"
    if formats[0] == "unix":
        return f"to_timestamp(try_cast({text} as double))"
    if formats[0] == "unix_ms":
        return f"to_timestamp(try_cast({text} as double) / 1000)"
    if formats[0] == "iso":
        own = f"regexp_matches({text}, '[0-9]{{2}}:[0-9]{{2}}.*{_OFFSET}')"
        # DuckDB wants seconds before an offset, and a colon in it
        seconds = f"regexp_replace({text}, '([T ][0-9]{{2}}:[0-9]{{2}}) ?(Z|[+-])', '\\1:00\\2')"
        colon = f"regexp_replace({seconds}, '([+-][0-9]{{2}})([0-9]{{2}})$', '\\1:\\2')"
        clock = f"(try_cast({text} as timestamp) {in_zone})" if zone else "null"
        # what DuckDB reads as it stands is looked at once, not three times (200,000: 0.08 s for 0.13; 2026-11-26)
        as_it_stands = f"when regexp_full_match({text}, '{_WHOLE_TIME}') then try_cast({text} as timestamptz)"
        return f"(case {as_it_stands} when {own} then try_cast({colon} as timestamptz) else {clock} end)"
    parsed = f"try_strptime({text}, [{', '.join(quote(one) for one in formats)}])"
    return parsed if "%z" in formats[0] else f"({parsed} {in_zone})"


def precision_sql(cell: str, formats: tuple[str, ...]) -> str:
    """How exact a time is, by the way it is written."""
    text = f"trim({cell})"
    if formats[0] == "unix":
        return "'second'"
    if formats[0] == "unix_ms":
        return "'millisecond'"
    if formats[0] == "excel":
        return f"case when strpos({text}, '.') > 0 then 'second' else 'day' end"
    if formats[0] == "iso":
        return (
            f"case when regexp_matches({text}, ':[0-9]{{2}}[.][0-9]*[1-9]') then 'millisecond'"
            f" when regexp_matches({text}, '[T ][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}') then 'second'"
            f" when regexp_matches({text}, '[T ][0-9]{{2}}:[0-9]{{2}}') then 'minute' else 'day' end"
        )
    cases = " ".join(
        f"when try_strptime({text}, {quote(one)}) is not null then {quote(_precision_of(one))}" for one in formats
    )
    return f"case {cases} end" if len(formats) > 1 else quote(_precision_of(formats[0]))


def _precision_of(time_format: str) -> str:
    for precision, parts in _PARTS:
        if any(part in time_format for part in parts):
            return precision
    return "day"


# As `precision_sql` says it of a whole column that states times.
_TIMED = ("'millisecond'", "'second'", "'minute'")
_PARTS = (
    ("millisecond", ("%f", "%g", "%n")),
    ("second", ("%S", "%-S", "%c", "%X", "%T")),
    ("minute", ("%M", "%-M")),
)
