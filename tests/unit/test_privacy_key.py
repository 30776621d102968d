"""The key behind the pseudonyms: HMAC as everybody knows it, nothing without the key, nothing in common across keys."""

from __future__ import annotations

import hashlib
import hmac
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.contract import DataDir, SuaraError
from orchestration.privacy import rotation
from orchestration.privacy.accounts import RegisteredAccount, register, registered, unregister
from orchestration.privacy.key import KEY_VARIABLE, PseudonymKey, key_of, read_key
from orchestration.warehouse import bookkeeping
from tests.sql_macros import render

FIRST, SECOND = PseudonymKey(bytes(range(32))), PseudonymKey(bytes(range(1, 33)))
MESSAGES = ["x:1588091220244369409", "mastodon:https://a.example/@me/1", "x:@budi", "", "é 🙏"]


def hashed(key: PseudonymKey | None, expression: str, texts: list[str]) -> list[str]:
    with duckdb.connect() as con:
        if key:
            key.give_to(con)
        con.execute("create table texts as select unnest($1::varchar[]) as text", [texts])
        return [value for (value,) in con.execute(f"select {expression} from texts").fetchall()]


def test_macro_is_hmac_sha_256() -> None:
    found = hashed(FIRST, render("keyed_hash", "text"), MESSAGES)
    assert found == [hmac.new(FIRST.secret, m.encode(), hashlib.sha256).hexdigest()[:32] for m in MESSAGES]
    assert found == [FIRST.digest(message) for message in MESSAGES]


def test_same_key_gives_the_same_pseudonyms_and_another_none_of_them() -> None:
    handles = [f"somebody{n}" for n in range(500)]
    pseudonym = render("pseudonym", "'x'", "text")
    first = hashed(FIRST, pseudonym, handles)
    assert first == hashed(FIRST, pseudonym, [handle.upper() for handle in handles])
    assert len(set(first)) == 500
    assert not set(first) & set(hashed(SECOND, pseudonym, handles))


def test_nothing_is_hashed_without_the_key() -> None:
    for macro in (render("keyed_hash", "text"), render("post_key", "'x'", "text"), render("pseudonym", "'x'", "text")):
        with pytest.raises(duckdb.InvalidInputException, match="key behind the pseudonyms is missing"):
            hashed(None, macro, MESSAGES)


def test_first_run_makes_a_key_for_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE)
    data_dir = DataDir(tmp_path)
    path = key_of(data_dir)
    assert path == tmp_path / "keys" / "pseudonym.key"
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    first = path.read_bytes()
    assert key_of(data_dir).read_bytes() == first
    assert repr(read_key(path)) == "PseudonymKey()"
    path.write_bytes(bytes(32))
    with pytest.raises(SuaraError, match=r"is not the key that .* was made with"):
        key_of(data_dir)
    # a lost key is never replaced in silence
    path.unlink()
    with pytest.raises(SuaraError, match="cannot be read"):
        key_of(data_dir)


@pytest.mark.parametrize(("mode", "size", "says"), [(0o644, 32, "only its owner"), (0o600, 31, "expected 32 bytes")])
def test_key_that_others_can_read_or_that_was_cut_is_refused(mode: int, size: int, says: str, tmp_path: Path) -> None:
    path = tmp_path / "pseudonym.key"
    path.write_bytes(bytes(size))
    path.chmod(mode)
    with pytest.raises(SuaraError, match=says):
        read_key(path)


def test_registered_account_is_kept_once_and_a_person_cannot_be(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path)
    register(data_dir, RegisteredAccount("x", "Office", "The, office", "office", "ngo"))
    register(data_dir, RegisteredAccount("x", "office", "The office", "office", "media", "IDN", is_verified=True))
    expected = RegisteredAccount("x", "office", "The office", "office", "media", "IDN", is_verified=True)
    assert registered(data_dir) == [expected]
    with_id = replace(expected, account_id="2244994945")
    register(data_dir, with_id)
    assert registered(data_dir) == [with_id]
    register(data_dir, expected)
    with pytest.raises(SuaraError, match="expected a kind out of"):
        register(data_dir, RegisteredAccount("x", "budi", "Budi", "budi", "private_person"))
    assert registered(data_dir) == [expected]
    with pytest.raises(SuaraError, match=r"account of bluesky registered in this data folder; found @office \(x\)"):
        unregister(data_dir, "bluesky", "office")
    unregister(data_dir, "x", "OFFICE")
    assert registered(data_dir) == []


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("account_id", "our_office", "--id our_office: expected the number of the account on X"),
        ("country", "Indonesia", "--country Indonesia: expected three capitals"),
    ],
)
def test_registration_that_would_name_nobody_is_refused(tmp_path: Path, field: str, value: str, expected: str) -> None:
    account = RegisteredAccount("x", "office", "The office", "office", "ngo")
    with pytest.raises(SuaraError, match=expected):
        register(DataDir(tmp_path), replace(account, **{field: value}))
    assert registered(DataDir(tmp_path)) == []
    did = replace(account, platform="bluesky", account_id="did:plc:abc")
    register(DataDir(tmp_path), did)
    assert registered(DataDir(tmp_path)) == [did]


def test_registrations_of_a_version_before_have_no_ids_and_are_loaded_with_those_that_have(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path)
    head = "platform,handle,name,family,org_type,country,role,evidence,is_verified"
    data_dir.registered_accounts.write_text(f'{head}\nx,Office,"The, office",office,ngo,,partner,"a\nletter",false\n')
    with duckdb.connect() as con:
        bookkeeping.create_raw_schema(con)
        for account_id in (None, "2244994945"):
            bookkeeping.sync_accounts(con, data_dir.registered_accounts)
            rows = con.execute("select handle, name, account_id from raw.registered_accounts").fetchall()
            assert rows == [("Office", "The, office", account_id)]
            (account,) = registered(data_dir)
            register(data_dir, replace(account, account_id="2244994945"))


@pytest.mark.parametrize("killed", ["before the codes", "before the key", "behind the key"])
def test_a_rotation_that_is_killed_can_always_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: str
) -> None:
    # What broke: killed behind the new key, a run and a rotation both refused it, and the old key was gone.
    monkeypatch.delenv(KEY_VARIABLE)
    data_dir = DataDir(tmp_path)
    place = key_of(data_dir)
    made_with = read_key(place).digest("x:5")
    with duckdb.connect(str(data_dir.warehouse)) as con:
        con.execute("create schema intermediate")
        for table in ("int_posts__kept", "int_codebook__codings", "int_posts__words"):
            con.execute(
                f"create table intermediate.{table} as select ? as post_key, 'x' as platform, '5' as post_id",
                [made_with],
            )
    codes = data_dir.coding / "codes.csv"
    codes.parent.mkdir()
    codes.write_text(made_with)

    def kill_at(name: str, is_there: Callable[..., bool]) -> None:
        module = rotation.os if name == "replace" else rotation
        before = getattr(module, name)

        def step(*arguments: object) -> object:
            if is_there(*arguments):
                raise KeyboardInterrupt
            return before(*arguments)

        patched.setattr(module, name, step)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        if killed == "before the codes":
            kill_at("_rewrite", lambda *_: True)
        elif killed == "before the key":
            kill_at("replace", lambda _, target: target == place)
        else:
            kill_at("remember", lambda _, *keys: len(keys) == 1)
        rotation.rotate(data_dir)
    if killed == "behind the key":
        assert codes.read_text() == read_key(key_of(data_dir)).digest("x:5") != made_with
    else:
        # no run uses the old key beside codes that may have the new one
        with pytest.raises(SuaraError, match="keys rotate"):
            key_of(data_dir)
    rotation.rotate(data_dir)
    key = read_key(key_of(data_dir))
    assert codes.read_text() == key.digest("x:5") != made_with
    with duckdb.connect(str(data_dir.warehouse)) as con:
        assert con.execute("select post_key from intermediate.int_codebook__codings").fetchall() == [
            (key.digest("x:5"),)
        ]
