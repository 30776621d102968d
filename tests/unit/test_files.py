"""Captures are opened safely: whole, bounded, inside their own walls, in UTF-8 or not at all."""

from __future__ import annotations

import gzip
import io
import os
import struct
import zipfile
from pathlib import Path

import pytest
import zstandard

from orchestration.connectors import files as files_module
from orchestration.connectors.files import CaptureFiles, encoding_of
from orchestration.contract import InputError


def a_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def refusal(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        CaptureFiles(path)
    return caught.value


def test_file_zip_and_folder_show_the_same_members(tmp_path: Path) -> None:
    (tmp_path / "folder" / "b").mkdir(parents=True)
    (tmp_path / "folder" / "b" / "two.txt").write_bytes(b"2")
    (tmp_path / "folder" / "one.txt").write_bytes(b"1")
    packed = a_zip(tmp_path / "packed.zip", {"one.txt": b"1", "b/two.txt": b"2"})
    for path in (tmp_path / "folder", packed):
        with CaptureFiles(path) as capture:
            assert [member.name for member in capture.members()] == ["b/two.txt", "one.txt"]
            assert capture.head("b/two.txt") == b"2"


def test_litter_of_operating_systems_is_not_a_member(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"__MACOSX/._t": b"x", ".DS_Store": b"x", "data/._t.js": b"x", "t.js": b"[]"})
    assert [member.name for member in CaptureFiles(path).members()] == ["t.js"]


def test_folders_written_by_windows_have_ordinary_names(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"data\\tweets.js": b"[]"})
    with CaptureFiles(path) as capture:
        assert capture.head("data/tweets.js") == b"[]"


@pytest.mark.parametrize("name", ["../out.js", "data/../../out.js", "/out.js", "C:/out.js", "..\\out.js", "\\out.js"])
def test_path_that_leads_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    error = refusal(a_zip(tmp_path / "a.zip", {name: b"[]"}))
    assert error.code == "unsafe_path" and error.file.startswith("a.zip: ")


def test_symbolic_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("data/tweets.js")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/hostname")
    assert refusal(tmp_path / "a.zip").code == "symlink"


def test_symbolic_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "tweets.js").symlink_to("/etc/hostname")
    assert refusal(tmp_path / "f").code == "symlink"


def test_pipe_in_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    os.mkfifo(tmp_path / "f" / "tweets.js")
    assert refusal(tmp_path / "f").code == "special_file"


def test_empty_file_zip_and_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    a_zip(tmp_path / "a.zip", {})
    for name in ("a.json", "folder", "a.zip"):
        assert refusal(tmp_path / name).code == "empty_file"


def test_missing_file_is_told(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing.zip").code == "missing_file"


def test_truncated_zip_is_refused(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"tweets.js": os.urandom(5000)})
    path.write_bytes(path.read_bytes()[:3000])
    error = refusal(path)
    assert error.code == "truncated_zip" and "again" in error.next_step


def test_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"tweets.js": b"[]"})
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    path.write_bytes(bytes(content))
    assert refusal(path).code == "encrypted_zip"


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("tweets.js", b"[]")
        with pytest.warns(UserWarning):
            archive.writestr("tweets.js", b"[1]")
    assert refusal(tmp_path / "a.zip").code == "duplicate_member"


def test_zip_bomb_is_refused_by_its_stated_size(tmp_path: Path) -> None:
    error = refusal(a_zip(tmp_path / "a.zip", {"tweets.js": bytes(32 << 20)}))
    assert error.code == "zip_bomb" and "33,554,432" in error.found


def test_zip_that_states_a_false_size_is_refused(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"tweets.js": bytes(32 << 20)})
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<L", 100)
    path.write_bytes(bytes(content))
    with CaptureFiles(path) as capture, pytest.raises(InputError) as caught:
        capture.extract("tweets.js", tmp_path / "scratch")
    assert caught.value.code == "broken_container"
    assert not list(tmp_path.glob("scratch/*"))


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_compressed_bomb_is_refused_by_its_real_size(tmp_path: Path, pack) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(pack(bytes(48 << 20)))
    with CaptureFiles(tmp_path / "a.jsonl.gz") as capture, pytest.raises(InputError) as caught:
        capture.extract("a.jsonl.gz", tmp_path / "scratch")
    assert caught.value.code == "zip_bomb"
    assert not list(tmp_path.glob("scratch/*"))


def test_member_larger_than_allowed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "MAX_MEMBER_BYTES", 1000)
    (tmp_path / "a.jsonl").write_bytes(b"x" * 1001)
    with CaptureFiles(tmp_path / "a.jsonl") as capture, pytest.raises(InputError) as caught:
        capture.extract("a.jsonl", tmp_path)
    assert caught.value.code == "too_large"


def test_capture_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "MAX_UNPACKED_BYTES", 1500)
    path = a_zip(tmp_path / "a.zip", {"1.js": b"x" * 1000, "2.js": b"x" * 1000})
    with CaptureFiles(path) as capture:
        capture.extract("1.js", tmp_path / "scratch")
        with pytest.raises(InputError) as caught:
            capture.extract("2.js", tmp_path / "scratch")
    assert caught.value.code == "too_large"


def test_more_members_than_allowed_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "MAX_MEMBERS", 2)
    assert refusal(a_zip(tmp_path / "a.zip", {f"{i}.js": b"" for i in range(3)})).code == "too_many_members"


def test_damaged_member_is_told_by_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("tweets.js", b"[1, 2, 3, 4]")
    path = tmp_path / "a.zip"
    path.write_bytes(path.read_bytes().replace(b"[1, 2, 3, 4]", b"[1, 2, 3, 5]"))
    with CaptureFiles(path) as capture, pytest.raises(InputError) as caught:
        capture.extract("tweets.js", tmp_path / "scratch")
    assert caught.value.code == "broken_container" and caught.value.file == "a.zip: tweets.js"


def test_truncated_gzip_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(os.urandom(50_000))
    (tmp_path / "a.gz").write_bytes(whole[:20_000])
    with CaptureFiles(tmp_path / "a.gz") as capture, pytest.raises(InputError) as caught:
        capture.extract("a.gz", tmp_path / "scratch")
    assert caught.value.code == "broken_container"


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_compressed_parts_written_one_after_the_other_are_all_read(tmp_path: Path, pack) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(pack(b'{"a":1}\n') + pack(b'{"a":2}\n'))
    with CaptureFiles(tmp_path / "a.jsonl.gz") as capture:
        extracted = capture.extract("a.jsonl.gz", tmp_path / "scratch")
    assert extracted.path.read_bytes() == b'{"a":1}\n{"a":2}\n'


def test_plain_file_is_read_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"a":1}')
    with CaptureFiles(tmp_path / "a.jsonl") as capture:
        extracted = capture.extract("a.jsonl", tmp_path / "scratch", strip_prefix=True)
    extracted.release()
    assert (tmp_path / "a.jsonl").exists() and not (tmp_path / "scratch").exists()


@pytest.mark.parametrize(
    ("delivered", "kept"),
    [
        (b"window.YTD.tweets.part0 = [ {} ]", b"[ {} ]"),
        (b"window.YTD.tweet.part12=[];\n", b"[]"),
        (b"Grailbird.data.tweets_2015_07 = \n[ {} ]", b"[ {} ]"),
        (b'var tweet_index =  [ "a=b;" ]', b'[ "a=b;" ]'),
        (b'[ "no = prefix" ]', b'[ "no = prefix" ]'),
        (b"\xef\xbb\xbfwindow.YTD.tweets.part0 = [1];", b"[1]"),
    ],
)
def test_javascript_assignment_is_taken_off_and_nothing_else(tmp_path: Path, delivered: bytes, kept: bytes) -> None:
    (tmp_path / "a.js").write_bytes(delivered)
    with CaptureFiles(tmp_path / "a.js") as capture:
        extracted = capture.extract("a.js", tmp_path / "scratch", strip_prefix=True)
    assert extracted.path.read_bytes() == kept
    assert delivered[extracted.skipped_bytes :].startswith(kept[:1])


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_unicode_encodings_become_utf8(tmp_path: Path, codec: str) -> None:
    text = '[{"text": "perdagangan orang \u2014 \U0001f30f"}]' * 1000
    (tmp_path / "a.json").write_bytes(text.encode(codec))
    with CaptureFiles(tmp_path / "a.json") as capture:
        extracted = capture.extract("a.json", tmp_path / "scratch")
    assert extracted.path.read_text("utf-8") == text
    assert extracted.encoding.startswith(codec.removesuffix("-sig"))


def test_invalid_utf16_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes('["'.encode("utf-16") + b"\x00\xd8\x41\x00" + '"]'.encode("utf-16-le"))
    with CaptureFiles(tmp_path / "a.json") as capture, pytest.raises(InputError) as caught:
        capture.extract("a.json", tmp_path / "scratch")
    assert caught.value.code == "wrong_encoding" and "position" in caught.value.found


def test_invalid_utf8_is_left_for_the_reader_of_records(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes('["é"]'.encode("cp1252"))
    with CaptureFiles(tmp_path / "a.json") as capture:
        assert capture.extract("a.json", tmp_path).path.read_bytes() == b'["\xe9"]'


def test_encoding_without_a_mark_shows_in_zero_bytes() -> None:
    assert encoding_of("[{".encode("utf-16-le") + b"\0\0") == ("utf-16-le", 0)
    assert encoding_of("[{".encode("utf-16-be")) == ("utf-16-be", 0)
    assert encoding_of(b"[{}]") == ("utf-8", 0)


def test_a_stream_is_never_read_without_a_bound(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"[]")
    with CaptureFiles(tmp_path / "a.json") as capture, capture.open("a.json") as stream:
        with pytest.raises(ValueError):
            stream.read()
        assert isinstance(stream, io.RawIOBase)


def test_members_whose_names_look_alike_do_not_overwrite_each_other(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"x/1.js": b"[1]", "x_1.js": b"[2]"})
    with CaptureFiles(path) as capture:
        paths = [capture.extract(name, tmp_path / "scratch").path for name in ("x/1.js", "x_1.js")]
    assert [path.read_bytes() for path in paths] == [b"[1]", b"[2]"]
