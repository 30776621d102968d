"""Kept releases: what lies below `data/published/releases`, which one is served, and going back to another.

    data/published/releases/000007-3f1c…/        one folder per release, whole: file, Parquet, pages
    data/published/current -> releases/000007-3f1c…

A release is its folder and nothing else: whoever has to remove one (because it holds a post that must go) removes the
folder, by `remove`. Numbers only grow; the number is the order of publication, the rest of the name begins the
fingerprint of the marts.

Belongs here: finding, naming, serving and removing kept releases.
Does not belong here: building one (`published_file`), and when anything of this happened (the ledger).
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.contract import SuaraError, fsync_directory, quote
from orchestration.publishing.published_file import (
    DICTIONARY_NAME,
    FILE_NAME,
    PARQUET_NAME,
    PUBLISHED_NAMES,
    REPORT_NAME,
    numbered,
    point,
)

# What every release has had from the first on; later things may be missing in an earlier release.
ALWAYS_PUBLISHED = (FILE_NAME, PARQUET_NAME, DICTIONARY_NAME, REPORT_NAME)


@dataclass(frozen=True)
class KeptRelease:
    """One release that readers could be given at once.

    Attributes:
        folder: Where it lies; its name is the release's name.
        is_served: Whether readers get it now.
    """

    folder: Path
    is_served: bool

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def number(self) -> int:
        return int(self.name[:6])

    @property
    def file(self) -> Path:
        return self.folder / FILE_NAME

    @property
    def byte_size(self) -> int:
        """Bytes of everything in the folder."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def identity(self) -> tuple[str, str]:
        """Release id and run id, from its own file."""
        with duckdb.connect(str(self.file), read_only=True) as con:
            (row,) = con.execute("select release_id, run_id from quality.release").fetchall()
        return row


def kept(published: Path) -> list[KeptRelease]:
    """Every kept release, the oldest first; none when nothing was published."""
    releases = published / "releases"
    if not releases.is_dir():
        return []
    served = _served(published)
    return [KeptRelease(folder, folder.name == served) for folder in numbered(releases)]


def find(published: Path, text: str) -> KeptRelease:
    """The kept release that a person names by its number, its name, or the first characters of its id.

    Raises:
        SuaraError: None of them is meant by that, or more than one.
    """
    found = kept(published)
    hits = [r for r in found if r.name == text or (text.isdigit() and len(text) <= 6 and r.number == int(text))]
    hits = hits or [r for r in found if len(text) >= 4 and (r.name[7:].startswith(text) or text.startswith(r.name[7:]))]
    if len(hits) != 1:
        names = ", ".join(r.name for r in found) or "none is kept"
        raise SuaraError(
            f"{text}: expected the number, name or id of one kept release ({names}); found {len(hits)} of that. "
            "`suara releases` lists them."
        )
    return hits[0]


def deleted_since(release: KeptRelease, warehouse: Path) -> int:
    """How many posts of a kept release were deleted since: the warehouse knows the deletion, and has the post no more.

    Args:
        warehouse: The warehouse of the data folder; opened read-only. Where there is none, nothing is known.
    """
    if not warehouse.is_file():
        return 0
    with duckdb.connect(str(release.file), read_only=True) as con:
        con.execute(f"attach {quote(warehouse)} as warehouse (read_only)")
        ((count,),) = con.execute(
            """
            select count(*)
            from marts.fct_posts
            semi join warehouse.intermediate.int_posts__tombstones as tombstones
                on fct_posts.platform = tombstones.platform and fct_posts.post_id = tombstones.post_id
            anti join warehouse.marts.fct_posts as still
                on fct_posts.post_key = still.post_key
            """
        ).fetchall()
    return count


def no_longer_registered(release: KeptRelease, warehouse: Path) -> int:
    """How many accounts a kept release shows by name that nobody registers any more, under any of their handles.

    Args:
        warehouse: As for `deleted_since`.
    """
    if not warehouse.is_file():
        return 0
    with duckdb.connect(str(release.file), read_only=True) as con:
        con.execute(f"attach {quote(warehouse)} as warehouse (read_only)")
        ((count,),) = con.execute(
            """
            select count(*)
            from marts.dim_accounts
            where
                is_registered
                and account_key not in (
                    select handles.account_key
                    from marts.dim_account_handles as handles
                    inner join marts.dim_accounts as accounts using (account_key)
                    semi join warehouse.intermediate.int_accounts__registered as registered
                        on accounts.platform = registered.platform
                        and handles.folded_handle = lower(registered.handle)
                )
            """
        ).fetchall()
    return count


def serve(published: Path, release: KeptRelease) -> None:
    """Give readers a kept release, whole, by one rename; open readers keep what they have.

    Raises:
        SuaraError: A part of it is missing. Nothing was changed then.
    """
    missing = [name for name in ALWAYS_PUBLISHED if not (release.folder / name).exists()]
    if missing:
        raise SuaraError(f"{release.folder}: {', '.join(missing)} missing; a release is served whole. Choose another.")
    point(published / "current", Path("releases") / release.name)
    for name in PUBLISHED_NAMES:
        if (release.folder / name).exists():
            point(published / name, Path("current") / name)
        else:  # published before there was such a thing: rather nothing than that of another release
            (published / name).unlink(missing_ok=True)
    fsync_directory(published)


def remove(published: Path, release: KeptRelease) -> None:
    """Remove a kept release for good.

    Raises:
        SuaraError: It is the one that readers get.
    """
    if release.name == _served(published):
        raise SuaraError(f"{release.name}: is served to readers. Publish or roll back first, then remove it.")
    shutil.rmtree(release.folder)
    fsync_directory(published / "releases")


def _served(published: Path) -> str | None:
    current = published / "current"
    return Path(os.readlink(current)).name if current.is_symlink() else None
