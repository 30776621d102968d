"""Another key: every pseudonym is another, and codes of people and of earlier codebooks stay with their posts."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.coding.manifest import Manifest, SampledPost, Stratum
from orchestration.coding.sheets import Code, Coded
from orchestration.coding.store import CodingStore
from orchestration.contract import DataDir
from orchestration.privacy.key import KEY_VARIABLE, key_of, read_key, write_key
from orchestration.privacy.rotation import rotate
from tests.fixtures.demo import DemoWarehouse
from tests.fixtures.key import TEST_KEY


def _keys(paths: DataDir, sql: str) -> list[tuple]:
    with duckdb.connect(str(paths.warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


@pytest.fixture
def coded(demo_warehouse: DemoWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataDir:
    """A copy of the demo with a key of its own to exchange, and a sample that somebody coded."""
    paths = DataDir(tmp_path / "data")
    shutil.copytree(demo_warehouse.paths.ledger, paths.ledger)
    shutil.copyfile(demo_warehouse.paths.warehouse, paths.warehouse)
    write_key(tmp_path / "vault" / "demo.key", TEST_KEY.secret)
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "vault" / "demo.key"))
    labels = "select post_key, platform || ':' || post_id from intermediate.int_posts__kept order by 1 limit 3"
    posts = _keys(paths, labels)
    store = CodingStore(paths)
    store.add_sample(
        Manifest(
            seed=1,
            release_id="r",
            codebook_version="v",
            themes=("T",),
            strata=(Stratum(2020, True, 30, 3),),
            posts=tuple(SampledPost(post_id, post_key, 0) for post_key, post_id in posts),
        )
    )
    (sample_id,) = store.manifests()
    store.add([Coded(sample_id, tuple(Code(sample_id, "coder", post_key, "T", 1) for post_key, _ in posts), 0)])
    return paths


def test_rotation_leaves_joins_intact_and_no_old_key(coded: DataDir) -> None:
    store = CodingStore(coded)
    before = {post.post_key for manifest in store.manifests().values() for post in manifest.posts}
    codings = set(_keys(coded, "select post_key from intermediate.int_codebook__codings"))
    old = read_key(key_of(coded))
    done = rotate(coded)
    new = read_key(key_of(coded))
    assert new.secret != old.secret and done.post_count == len(codings) and done.file_count == 2
    manifests = store.manifests()
    for manifest in manifests.values():
        assert [post.post_key for post in manifest.posts] == [new.digest(post.post_id) for post in manifest.posts]
    # the codes still name the sample, and its posts
    assert {code.sample_id for code in store.codes()} == set(manifests)
    assert {code.post_key for code in store.codes()} == {p.post_key for m in manifests.values() for p in m.posts}
    # what the next run calls each post is what the codings of earlier versions call it
    expected = _keys(coded, "select platform || ':' || post_id from intermediate.int_posts__kept")
    renamed = set(_keys(coded, "select post_key from intermediate.int_codebook__codings"))
    assert renamed == {(new.digest(post_id),) for (post_id,) in expected}
    assert not renamed & codings
    written = "".join(path.read_text("utf-8") for path in coded.coding.rglob("*") if path.is_file())
    assert not [key for key in before if key in written]


def test_rotation_that_was_interrupted_goes_on_with_its_key(coded: DataDir) -> None:
    following = key_of(coded).with_name("demo.key.next")
    write_key(following, bytes(reversed(range(32))))
    rotate(coded)
    assert read_key(key_of(coded)).secret == bytes(reversed(range(32)))
    assert not following.exists()
