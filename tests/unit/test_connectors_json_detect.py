"""Each JSON source knows its own captures and no other's: exactly one connector takes each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.connectors import CONNECTORS
from orchestration.connectors.files import CaptureFiles
from tests.fixtures import json_captures as made
from tests.fixtures.json_captures import jsonl
from tests.unit.connectors_support import write
from tests.unit.test_connectors_x_api_v2 import SHAPES as V2_SHAPES
from tests.unit.test_connectors_x_api_v11 import SHAPES as V11_SHAPES
from tests.unit.test_connectors_x_graphql import SHAPES as WEB_SHAPES
from tests.unit.test_connectors_x_scrapers import SHAPES as SCRAPED_SHAPES

# The lines of a site stream wrap each post; their connector is named by hand.
MATRIX = [
    *(("x_api_v2", name, text) for name, text in V2_SHAPES.items()),
    *(("x_api_v11", name, text) for name, text in V11_SHAPES.items() if name != "site stream"),
    *(("x_graphql", name, text) for name, text in WEB_SHAPES.items()),
    *(("x_scrapers", name, text) for name, text in SCRAPED_SHAPES.items()),
    ("x_api_v11", "numbers only", jsonl({k: v for k, v in made.v11_post(1).items() if k != "id_str"})),
    ("x_api_v11", "a repost first", jsonl(made.v11_repost(1))),
    ("x_api_v11", "a stream that begins with a deletion", jsonl(made.v11_delete(1))),
    ("x_api_v11", "a stream that begins with a limit", jsonl({"limit": {"track": 1}})),
    ("x_api_v11", "profiles", json.dumps(made.v11_profile())),
    (None, "posts of an archive without the rest", jsonl({"id_str": "1", "full_text": "a", "created_at": "x"})),
    (None, "a post for embedding", jsonl(made.v11_post(1) | {"__typename": "Tweet"})),
    (None, "Mastodon", json.dumps([{"id": "1", "created_at": "x", "content": "a", "account": {"acct": "b"}}])),
    (None, "Bluesky", json.dumps({"uri": "at://x", "cid": "y", "text": "a", "createdAt": "z"})),
    (None, "snscrape of another network", jsonl({"id": 1, "date": "x", "content": "a", "user": {"username": "b"}})),
    (None, "an account of the web client", json.dumps({"data": {"user": {"result": {"rest_id": "1"}}}})),
]


@pytest.mark.parametrize(("source", "name", "text"), MATRIX, ids=[f"{source}: {name}" for source, name, _ in MATRIX])
def test_exactly_one_connector_takes_a_capture(tmp_path: Path, source: str | None, name: str, text: str) -> None:
    for capture in (write(tmp_path, {"a.json": text}) / "a.json", write(tmp_path / "a.zip", {"part/a.json": text})):
        with CaptureFiles(capture) as files:
            found = [connector.source for connector in CONNECTORS if connector.detect(files)]
        assert found == ([source] if source else [])
