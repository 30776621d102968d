"""What a run prints on the terminal: our own messages, not Dagster's event stream."""

from __future__ import annotations

import logging
import sys

import dagster as dg


class _Progress(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", None) or {}
        text = meta.get("orig_message") or record.getMessage()
        # What Dagster says about skipped steps repeats every asset's name; the failure itself is printed.
        if meta.get("dagster_event") is None and not str(text).startswith("Dependencies for step"):
            sys.stderr.write("".join(f"  {line}\n" for line in str(text).splitlines()))
            sys.stderr.flush()


@dg.logger(description="Messages of the steps, one line each, on the terminal.")
def progress(_: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.Logger("suara.progress", level=logging.INFO)
    logger.addHandler(_Progress())
    return logger
