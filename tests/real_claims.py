"""Two claims that are put to every real account: it posted more, and more likes go with others in a post.

Belongs here: the file of claims, and computing it on a warehouse. Does not belong here: what the verdict should be.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.analysis.claims import measure
from orchestration.analysis.statements import read_claims
from tests.pipeline import Pipeline

CLAIMS = """\
claims: {id: real, version: '1', title: Real accounts}
statements:
  - id: V
    text: {en: It posted more, id: Lebih banyak}
    specifications:
      - id: V.rate
        primary: true
        reading: {en: later against earlier, id: kemudian dibanding sebelumnya}
        method: volume
        mart: fct_post_volume
        before: [FIRST-01-01, FIRST-12-31]
        after: [SECOND-01-01, LAST-12-31]
        threshold: 1
  - id: E
    text: {en: More likes with others, id: Lebih disukai dengan akun lain}
    specifications:
      - id: E.likes
        primary: true
        reading: {en: likes, id: suka}
        method: engagement
        mart: fct_post_engagement
        window: [FIRST-01-01, LAST-12-31]
        partners: [anyone]
        by: [mention]
        metric: like_count
        threshold: 1
"""


def verdicts_of(pipeline: Pipeline, folder: Path, handle: str, first: int, last: int) -> dict[str, dict]:
    """The rows of both claims: years from `first`, the first year against the others."""
    text = CLAIMS.replace("FIRST", str(first)).replace("SECOND", str(first + 1)).replace("LAST", str(last))
    path = folder / "real.yml"
    path.write_text(text, encoding="utf-8")
    with duckdb.connect(str(pipeline.paths.warehouse), read_only=True) as connection:
        rows = measure(connection, read_claims(path), study="real", platform="x", handle=handle)
    return {row["claim_id"]: row for row in rows}
