"""The project's macros as SQL text, without a dbt run: for tests, the conformance table and benchmarks.

Belongs here: rendering a macro the way dbt does, and asking DuckDB for its value on a list of texts.
Does not belong here: what the value should be.

dbt's own jinja is used, so a macro means here what it means in a model; only what needs a warehouse (`ref`,
`run_query`) is absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

import duckdb
from dbt_common.clients import jinja
from dbt_common.exceptions.macros import MacroReturn

from orchestration.contract import DBT_PROJECT_DIR


@dataclass(frozen=True)
class _Source:
    """What dbt's jinja asks of a macro."""

    name: str
    macro_sql: str


class _Adapter:
    """Finds the implementation of one engine."""

    def __init__(self, context: dict[str, Any], engine: str) -> None:
        self._context, self._engine = context, engine

    def dispatch(self, name: str) -> Any:
        return self._context[f"{self._engine}__{name}"]


def _return(value: Any) -> NoReturn:
    raise MacroReturn(value)


@cache
def _context() -> dict[str, Any]:
    context: dict[str, Any] = {"return": _return}
    context["adapter"] = _Adapter(context, "duckdb")
    for path in sorted((DBT_PROJECT_DIR / "macros").rglob("*.sql")):
        blocks = jinja.extract_toplevel_blocks(
            path.read_text("utf-8"), allowed_blocks={"macro"}, collect_raw_data=False
        )
        for block in blocks:
            context[block.block_name] = jinja.CallableMacroGenerator(
                _Source(block.block_name, block.full_block), context
            )
    return context


@cache
def render(macro: str, *args: Any) -> str:
    """The SQL that a model gets for `{{ macro(*args) }}`."""
    return str(_context()[macro](*args))


def evaluate(expression: str, texts: Sequence[str | None]) -> list[Any]:
    """The values of an expression over the column `text`, one per text, in order."""
    with duckdb.connect() as connection:
        connection.execute("create table texts (text_no integer, text varchar)")
        connection.executemany("insert into texts values (?, ?)", [[n, text] for n, text in enumerate(texts)])
        rows = connection.execute(f"select {expression} from texts order by text_no").fetchall()
    return [value for (value,) in rows]
