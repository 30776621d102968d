"""Tables with known columns: a format is declared as data, and one class reads all of them.

Belongs here: what a format declares, how a table is told apart from others by its header, the way from rows to a raw
table, which rows are rejected, whose posts a capture holds.
Does not belong here: how bytes become cells (`tables`), any one format (modules of their own), what a cell means
(staging).

    FORMAT = TableFormat(
        source="my_tool",
        title="a table written by My Tool",
        columns={"post_id": ("id", "tweet id"), "body": ("text",), "username": ("username", "user")},
        signatures=(frozenset({"post_id", "body", "username"}),),
        id_column="post_id",
        handle_column="username",
        required=("body",),
    )
    CONNECTOR = TabularConnector(FORMAT)

The raw table is `raw.<source>_posts` with the declared columns as text, each cell as delivered; an empty cell is null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path

import duckdb

from orchestration.connectors.base import LoadResult, Progress, quote, raw_table_ddl
from orchestration.connectors.files import CaptureFiles
from orchestration.connectors.records import (
    MAX_REJECTED,
    NOT_NUMBERED,
    Outcome,
    all_or_nothing,
    delete_records,
    describe_encoding,
    form_of,
    nothing_loaded,
    number_inserted,
    told_names,
)
from orchestration.connectors.tables import (
    PARQUET,
    TEXT,
    WORKBOOK,
    TableHead,
    normalised,
    open_table,
    table_heads,
)
from orchestration.contract import InputError

# One account's share of a capture from which on it is called that account's: posts of others that slipped in stay below
# it, a search for a topic never reaches it.
OWNER_SHARE = 0.95

# The address of a post on X: group 1 the handle, group 2 the id. A picture of it (`…/photo/1`) names its post, too.
POST_ADDRESS_PATTERN = "^https?://(?:www[.]|mobile[.])?(?:twitter|x)[.]com/([A-Za-z0-9_]+)/status(?:es)?/([0-9]+)"


@dataclass(frozen=True)
class CellRule:
    """What every filled cell of a column looks like; a row with another cell is rejected.

    Attributes:
        pattern: For RE2, the whole cell.
        words: The same for people.
        code: `raw.rejected_records.reason_code` of a row that breaks it.
    """

    pattern: str
    words: str
    code: str = "wrong_type"
    next_step: str = "Compare with the export at its source; the cell was changed, or the row is shifted."


# An id as delivered, damaged ones included: `1.23457E+17` is an id that a spreadsheet has destroyed, and the gate on
# damaged ids says so for the whole capture. `Total` is no id at all.
ID_CELL = CellRule(
    r"\s*'?[0-9]+([.,][0-9]+)?([eE][+]?[0-9]+)?\s*",
    "an id of digits",
    "bad_id",
    "Nothing to do if this row is not a post (a sum, a note); otherwise take the file as exported.",
)
# `1938.0`, `1,234` and `-` as X Analytics writes them.
NUMBER_CELL = CellRule(r"\s*([0-9]+([.]0{1,2})?|[0-9]{1,3}(,[0-9]{3})+|-)?\s*", "a whole number")


@dataclass(frozen=True)
class Problem:
    """A condition over the raw columns under which a row is rejected, and what is said then.

    Attributes:
        condition: SQL.
        found: Words.
        cell: SQL of a cell whose form is told behind them.
    """

    condition: str
    code: str
    expected: str
    found: str
    next_step: str
    cell: str = "null"


@dataclass(frozen=True)
class TableFormat:
    """A kind of table that people hold.

    Attributes:
        source: The word for it everywhere: raw table, staging model, asset.
        title: In words, as an error message names it.
        columns: Each raw column, with the header cells under which it is delivered, lower case and trimmed. When a file
            has several of them, the first of the list is meant.
        signatures: Sets of raw columns; a table that has all of one is of this format. Among the formats that fit, the
            one with the largest set counts, so a signature names what only this format has.
        id_column, link_column: Where the native id is, or the address that holds it. A row has one of the two.
        required: Raw columns whose cell must be filled; `a|b` means one of them.
        rules: What filled cells look like, by raw column.
        handle_column, account_id_column, name_column: The author of a row, as far as delivered. Without a handle column
            the handle is read from `link_column`.
        is_census: Whether a capture holds every post of its owner over its window; None when that is not known.
        kinds: The kinds of files it comes in.
    """

    source: str
    title: str
    columns: Mapping[str, tuple[str, ...]]
    signatures: tuple[frozenset[str], ...]
    id_column: str | None = None
    link_column: str | None = None
    required: tuple[str, ...] = ()
    rules: Mapping[str, CellRule] = field(default_factory=dict)
    handle_column: str | None = None
    account_id_column: str | None = None
    name_column: str | None = None
    is_census: bool | None = None
    platform: str = "x"
    kinds: tuple[str, ...] = (TEXT, WORKBOOK, PARQUET)

    @property
    def table(self) -> str:
        """The raw table, without the schema."""
        return f"{self.source}_posts"

    @property
    def spellings(self) -> frozenset[str]:
        """Every name under which a column is delivered."""
        return frozenset(chain.from_iterable(self.columns.values()))

    @property
    def id_sql(self) -> str:
        """The native id of a row of the raw table, from its own column or from its address."""
        parts = [f'"{self.id_column}"'] if self.id_column else []
        if self.link_column:
            parts.append(f"nullif(regexp_extract(\"{self.link_column}\", '{POST_ADDRESS_PATTERN}', 2), '')")
        return f"coalesce({', '.join(parts)})" if parts else "null"

    @property
    def handle_sql(self) -> str:
        """The author's handle of a row of the raw table, without @."""
        if self.handle_column:
            return f"nullif(ltrim(trim(\"{self.handle_column}\"), '@'), '')"
        if self.link_column:
            return f"nullif(regexp_extract(\"{self.link_column}\", '{POST_ADDRESS_PATTERN}', 1), '')"
        return "null"

    def problems(self) -> list[Problem]:
        """Why a row may be rejected, the gravest reason first."""
        found: list[Problem] = []
        if self.id_column or self.link_column:
            names = " or ".join(name for name in (self.id_column, self.link_column) if name)
            found.append(Problem(f"{self.id_sql} is null", "missing_id", f"an id in {names}", "none", _NO_ID))
        for group in self.required:
            names = group.split("|")
            condition = " and ".join(f'"{name}" is null' for name in names)
            found.append(Problem(condition, "missing_cell", f"a cell {' or '.join(names)}", "an empty one", _NO_CELL))
        for name, rule in self.rules.items():
            condition = f'"{name}" is not null and not regexp_full_match("{name}", {quote(rule.pattern)})'
            found.append(Problem(condition, rule.code, rule.words, f"{name} = ", rule.next_step, f'"{name}"'))
        return found


_NO_ID = "Nothing to do if this row is not a post (a sum, a note); otherwise export again with ids."
_NO_CELL = "Export again with this field, or leave the row out if it is not a post."


@dataclass(frozen=True)
class Match:
    """A table recognised: which of its first rows is the header, and which cell of a row each raw column is."""

    header_row: int
    cells: Mapping[str, int]
    specificity: int


def match(table_format: TableFormat, head: TableHead) -> Match | None:
    """Where in a table the columns of a format stand, or None when it is another format."""
    if head.kind not in table_format.kinds:
        return None
    headers = head.rows if head.kind in (TEXT, WORKBOOK) else head.rows[:1]
    for number, row in enumerate(headers):
        places: dict[str, int] = {}
        for place, cell in enumerate(row):
            places.setdefault(normalised(cell), place)
        cells = {
            column: places[next(name for name in spellings if name in places)]
            for column, spellings in table_format.columns.items()
            if any(name in places for name in spellings)
        }
        sizes = [len(signature) for signature in table_format.signatures if signature <= cells.keys()]
        if sizes:
            return Match(number, cells, max(sizes))
    return None


class TabularConnector:
    """Reads tables of one declared format, in one file or many parts."""

    raw_tables: Mapping[str, str]

    def __init__(self, table_format: TableFormat, load_with: type[TableLoad] | None = None) -> None:
        self.format, self._load_with = table_format, load_with or TableLoad
        self.source, self.platform = table_format.source, table_format.platform
        shape = dict.fromkeys(table_format.columns, "VARCHAR")
        self.raw_tables = {table_format.table: raw_table_ddl(table_format.table, shape)}
        self.__doc__ = f"Reads {table_format.title}."

    def specificity(self, files: CaptureFiles) -> int:
        """How many columns speak for this format, in the table that speaks for it most; 0 when none does."""
        matches = (match(self.format, head) for head in table_heads(files))
        return max((found.specificity for found in matches if found), default=0)

    def detect(self, files: CaptureFiles) -> bool:
        """Whether a table has the columns of this format. Among several formats `most_specific` decides."""
        return self.specificity(files) > 0

    def load(
        self,
        con: duckdb.DuckDBPyConnection,
        capture_id: str,
        files: CaptureFiles,
        scratch: Path,
        progress: Progress | None = None,
    ) -> LoadResult:
        """See `Connector.load`."""
        with all_or_nothing(con, capture_id, self.raw_tables, files):
            return self._load_with(con, capture_id, files, scratch, self.format, progress or (lambda _: None)).run()


def most_specific(connectors: Iterable[object], files: CaptureFiles) -> TabularConnector | None:
    """The format for which most columns of a capture speak; of several the one named first."""
    tabular = [connector for connector in connectors if isinstance(connector, TabularConnector)]
    best = max(tabular, key=lambda connector: connector.specificity(files), default=None)
    return best if best is not None and best.detect(files) else None


def nearly(connectors: Iterable[object], files: CaptureFiles) -> str | None:
    """The format that a table would be of, were it not for a few columns, in words; None when it is near to none."""
    found: list[tuple[int, str]] = []
    for head in table_heads(files):
        cells = {normalised(cell) for row in head.rows for cell in row}
        for table_format in (connector.format for connector in connectors if isinstance(connector, TabularConnector)):
            for signature in table_format.signatures:
                missing = [name for name in table_format.columns if name in signature]
                missing = [name for name in missing if not cells.intersection(table_format.columns[name])]
                if 3 * len(missing) <= len(signature) >= 4:
                    words = ", ".join(table_format.columns[name][0] for name in missing)
                    found.append((len(signature) - len(missing), f"{table_format.title}, but without {words}"))
    return max(found, key=lambda near: near[0])[1] if found else None


class TableLoad:
    """One load of one capture, table by table. A format with more to it overrides the methods that say so."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        capture_id: str,
        files: CaptureFiles,
        scratch: Path,
        table_format: TableFormat,
        progress: Progress,
        members: Sequence[str] | None = None,
        delimiter: str | None = None,
        encoding: str | None = None,
    ) -> None:
        self._con, self._capture_id, self._files, self._scratch = con, capture_id, files, scratch
        self.format, self._progress = table_format, progress
        self._only, self._delimiter, self._encoding = members, delimiter, encoding
        self._members: list[tuple[str, str, Outcome]] = []
        self._encodings: set[str] = set()
        self._delivered = 0

    # For a format to override ---------------------------------------------------------------------------------

    @property
    def raw_columns(self) -> Sequence[str]:
        """The columns of the raw table, in its order."""
        return tuple(self.format.columns)

    def expressions(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """The SQL of each raw column, from that of the cells which the table has (`c3`, empty ones null).

        What a format does not say is taken as it is; a column that the table does not have is null.
        """
        return cells

    def problems(self) -> Sequence[Problem]:
        """Why a row may be rejected."""
        return self.format.problems()

    def observed_at(self) -> tuple[datetime | None, str]:
        """When the counts were true, and how that is known. Never the time of a file."""
        return None, "not stated: the table carries no time of retrieval"

    # The load -------------------------------------------------------------------------------------------------

    def run(self) -> LoadResult:
        """Load every table of the format.

        Raises:
            InputError: No table is of the format, or none has a row that can be loaded.
        """
        heads = table_heads(self._files, None, self._only, self._delimiter, self._encoding)
        matches = [match(self.format, head) for head in heads]
        if not any(matches):
            raise self._no_table(heads)
        for head, found in zip(heads, matches, strict=True):
            if found is not None:
                self._load_table(head, found)
            elif not head.rows:
                self._members.append((head.member, "post", Outcome(head.name)))
            elif len(head.rows[0]) > (2 if head.member.lower().endswith(".txt") else 1):  # a note may hold a comma
                self._set_aside(head)
        outcomes = [outcome for _, _, outcome in self._members]
        error = nothing_loaded(self._files, outcomes)
        if error is not None:
            raise error
        if not any(outcome.delivered for outcome in outcomes):
            raise InputError(
                file=self._files.name,
                expected="at least one row below the header",
                found="headers only",
                next_step="Leave this capture out if nothing was posted; otherwise export again.",
                code="no_records",
            )
        return self._result()

    def _no_table(self, heads: Sequence[TableHead]) -> InputError:
        wanted = min(self.format.signatures, key=len)
        spelled = ", ".join(self.format.columns[name][0] for name in self.format.columns if name in wanted)
        shown = next((head for head in heads if head.rows), None)
        return InputError(
            file=self._files.name if shown is None else shown.name,
            record="header",
            expected=f"{self.format.title}: the columns {spelled}",
            found=told_names(map(normalised, shown.rows[0]), self.format.spellings) if shown else "no table",
            next_step="Take the file as exported, or describe its columns in a map: `suara map FILE`.",
            code="missing_column",
        )

    def _set_aside(self, head: TableHead) -> None:
        """A table of another kind beside ours: one row says that it was not read."""
        outcome = Outcome(head.name, delivered=1)
        names = told_names(map(normalised, head.rows[0]), self.format.spellings)
        text = ", ".join(head.rows[0])
        outcome.reject(1, "other_table", self.format.title, f"another table: {names}", text, "Load it by itself.")
        self._members.append((head.member, "other", outcome))

    def _load_table(self, head: TableHead, found: Match) -> None:
        self._progress(f"{head.name}: reading")
        outcome, first_no, table = Outcome(head.name), self._delivered, self.format.table
        opened = open_table(self._con, self._files, head, found.header_row, self._scratch, self._encoding)
        with opened as cells:
            self._refuse_doubled(head, found, cells.header)
            self._encodings.add(cells.encoding)
            texts = {name: f"nullif(c{place}, '')" for name, place in found.cells.items()}
            expressions = self.expressions(texts)
            columns = ", ".join(expressions.get(name, "null") for name in self.raw_columns)

            def insert(relation: str, after: int | None) -> int:
                number = "record_no" if after is None else NOT_NUMBERED
                inserted = self._con.execute(
                    f"insert into raw.{table} select {quote(self._capture_id)}, {number}, {quote(head.name)},"
                    f" {columns} from {relation}"
                ).fetchall()[0][0]
                if after is not None:
                    number_inserted(self._con, table, self._capture_id, inserted, after)
                return inserted

            def undo() -> None:
                delete_records(self._con, table, self._capture_id, first_no)

            cells.load(insert, undo, outcome, first_no)
        self._reject_rows(outcome, first_no)
        self._delivered += outcome.delivered
        self._members.append((head.member, "post", outcome))
        self._progress(f"{head.name}: {outcome.loaded:,} loaded, {len(outcome.rejected):,} rejected")

    def _refuse_doubled(self, head: TableHead, found: Match, header: Sequence[str]) -> None:
        names = [normalised(cell) for cell in header]
        doubled = [names[place] for place in found.cells.values() if names.count(names[place]) > 1]
        if doubled:
            raise InputError(
                file=head.name,
                record="header",
                expected="each column once",
                found=f"{', '.join(sorted(set(doubled)))} more than once",
                next_step="Rename or remove the one that is not meant.",
                code="doubled_column",
            )

    def _reject_rows(self, outcome: Outcome, first_no: int) -> None:
        """Take the rows that cannot be posts out of the raw table again, each with its reason."""
        problems = self.problems()
        if not problems or not outcome.loaded:
            return
        place = (
            f"capture_id = {quote(self._capture_id)} and member = {quote(outcome.member)} and record_no > {first_no}"
        )
        number = " ".join(f"when {one.condition} then {index}" for index, one in enumerate(problems))
        cell = " ".join(f"when {index} then {one.cell}" for index, one in enumerate(problems))
        shown = ", ".join(f'"{name}"' for name in self.raw_columns)
        table = f"raw.{self.format.table}"
        rows = self._con.execute(
            f"select record_no, problem, case problem {cell} end, concat_ws(' | ', {shown}) from"
            f" (select *, case {number} end as problem from {table} where {place})"
            f" where problem is not null order by record_no limit {MAX_REJECTED + 1}"
        ).fetchall()
        if not rows:
            return
        for record_no, index, content, row in rows:
            problem = problems[index]
            found = f"{problem.found}{form_of(content or '')}"
            outcome.reject(record_no, problem.code, problem.expected, found, row, problem.next_step)
        self._con.execute(f"delete from {table} where {place} and case {number} end is not null")
        outcome.loaded -= len(rows)
        outcome.rejected.sort(key=lambda record: record.record_no or 0)

    # After all tables -----------------------------------------------------------------------------------------

    def _owner(self) -> tuple[str | None, str | None, str | None, bool | None]:
        """Id, handle and name of the account whose posts these are, and what that says about completeness."""
        account_id = f'"{self.format.account_id_column}"' if self.format.account_id_column else "null"
        name = f'"{self.format.name_column}"' if self.format.name_column else "null"
        rows = self._con.execute(
            "select max(account_id), mode(handle), mode(name), count(*), sum(count(*)) over ()"
            f" from (select {account_id} as account_id, {self.format.handle_sql} as handle, {name} as name"
            f" from raw.{self.format.table} where capture_id = {quote(self._capture_id)})"
            " group by coalesce(lower(handle), account_id) order by 4 desc, 2, 1 limit 1"
        ).fetchall()
        if not rows or (rows[0][0] is None and rows[0][1] is None):
            return None, None, None, self.format.is_census
        owner_id, handle, owner_name, count, total = rows[0]
        if count < OWNER_SHARE * total:
            return None, None, None, False
        return owner_id, handle, owner_name, self.format.is_census

    def _result(self) -> LoadResult:
        account_id, handle, name, is_census = self._owner()
        observed_at, basis = self.observed_at()
        outcomes = [outcome for _, _, outcome in self._members]
        rejected = tuple(record for outcome in outcomes for record in outcome.rejected)
        return LoadResult(
            source=self.format.source,
            platform=self.format.platform,
            owner_account_id=account_id,
            owner_handle=handle,
            owner_name=name,
            owner_created_at=None,
            observed_at=observed_at,
            observed_at_basis=basis,
            is_census=is_census,
            coverage_from=None,
            coverage_to=None,
            encoding=describe_encoding(self._encodings, rejected),
            members=tuple(
                outcome.counted(record_type, self._files.member(member).byte_size)
                for member, record_type, outcome in self._members
            ),
            control_totals=(),
            rejected=rejected,
        )
