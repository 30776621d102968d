"""What a command says of arguments that cannot be: one line, before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestration.cli import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ui", "--port", "99999"], "99999 is not in the range 1<=x<=65535"),
        (["explore", "topics", "-n", "0", "topics.csv"], "0 is not in the range x>=1"),
        (["explore", "clusters", "--of", "themes", "-n", "0", "themes.csv"], "0 is not in the range x>=1"),
        (["words", "kwic", "migrasi", "--width", "-3"], "-3 is not in the range x>=0"),
        (["words", "kwic", "migrasi", "--top", "-1"], "-1 is not in the range x>=1"),
        (["words", "keyness"], "expected posts to set beside the others; found no --of"),
        (["claims", "check", "no.yml"], "no.yml: expected a file of claims in UTF-8; found No such file or directory."),
        (["coding", "import", "no.xlsx"], "found No such file or directory. Check the path."),
    ],
)
def test_argument_that_cannot_be_is_refused_in_words(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUARA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code in (1, 2) and isinstance(result.exception, SystemExit), result.output
    assert said in result.output.splitlines()[-1]


def test_misspelt_source_takes_no_file_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUARA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    delivered = tmp_path / "posts.json"
    delivered.write_text("[]")
    result = CliRunner().invoke(main, ["run", "--source", "x_api", str(delivered)])
    assert result.exit_code == 1
    assert "--source x_api: expected one of" in result.output and "x_api_v2" in result.output
    assert not (tmp_path / "data" / "captures").exists()
