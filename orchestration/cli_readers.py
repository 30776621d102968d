"""Commands for what readers get: releases, going back to one, files for other programs.

Belongs here: arguments and printing. Does not belong here: work (publishing, warehouse).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.cli_support import data_dir_option, may_export_to, use_data_dir
from orchestration.contract import SuaraError
from orchestration.warehouse.ledger import PUBLISHED, REMOVED, ROLLED_BACK, Ledger

if TYPE_CHECKING:
    from orchestration.publishing.releases import KeptRelease

_WORDS = {PUBLISHED: "published", ROLLED_BACK: "rolled back to", REMOVED: "removed"}


def add_commands(main: click.Group, export: click.Group) -> None:
    """Put these commands beside the others."""
    for command in (releases, rollback):
        main.add_command(command)
    for command in (export_parquet, export_coded):
        export.add_command(command)


@click.command()
@data_dir_option
@click.option("--keep", type=click.IntRange(min=2), help="From the next publish on, keep this many (5 until you say).")
def releases(data_dir: Path | None, keep: int | None) -> None:
    """What was published, what is kept, and what readers get now (marked with *)."""
    from orchestration.publishing import releases as store
    from orchestration.publishing.published_file import RELEASES_KEPT

    paths = use_data_dir(data_dir)
    ledger = Ledger(paths)
    if keep:
        ledger.change_settings(releases_kept=keep)
    kept = {release.name: release for release in store.kept(paths.published)}
    entries = ledger.releases()
    if not entries and not kept:
        click.echo("Nothing was published yet: `suara run` does.")
        return
    click.echo(f"  {'release':<22}{'what':<16}{'when (UTC)':<21}{'posts':>12}{'size':>10}  run")
    told = {entry["folder"] for entry in entries if entry["what"] == PUBLISHED}
    # A release of which the ledger says nothing was put in place by a process that ended right then.
    entries += [{"at": "", "what": PUBLISHED, "folder": name} for name in kept if name not in told]
    newest = {entry["folder"]: i for i, entry in enumerate(entries) if entry["what"] != REMOVED}
    for i, entry in enumerate(entries):
        release = kept.get(entry["folder"])
        is_last_word = newest.get(entry["folder"]) == i
        mark = "*" if release and release.is_served and is_last_word else " "
        posts = (entry.get("row_counts") or {}).get("marts.fct_posts")
        size = f"{release.byte_size / 1e6:,.0f} MB" if release and is_last_word else "" if release else "gone"
        click.echo(
            f"{mark} {entry['folder']:<22}{_WORDS[entry['what']]:<16}{str(entry['at'])[:19].replace('T', ' '):<21}"
            f"{'' if posts is None else f'{posts:,}':>12}{size:>10}  {(entry.get('run_id') or '')[:8]}"
        )
    click.echo(
        f"{ledger.settings().get('releases_kept', RELEASES_KEPT)} are kept; `suara rollback RELEASE` serves one."
    )


@click.command()
@data_dir_option
@click.argument("release")
def rollback(data_dir: Path | None, release: str) -> None:
    """Give readers a kept RELEASE again: its number, its name, or the first characters of its id.

    Everything changes at once, by one rename. The next publish goes on from the newest number; until then readers get
    this release. A release that holds posts that were deleted since is not served again.
    """
    from orchestration.publishing import releases as store
    from orchestration.warehouse.candidate import WarehouseStore

    paths = use_data_dir(data_dir)
    lock = WarehouseStore(paths)
    lock.hold(click.echo)  # a publish in the middle of this would have the last word, and nobody would know
    try:
        chosen = store.find(paths.published, release)
        before = next((r.name for r in store.kept(paths.published) if r.is_served), None)
        if chosen.is_served:
            click.echo(f"Release {chosen.name} is what readers get: nothing to do.")
            return
        deleted = store.deleted_since(chosen, paths.warehouse)
        if deleted:
            raise SuaraError(
                f"{chosen.name}: expected a release without deleted posts; found {deleted:,} that were deleted since, "
                "and readers may not get them again. Set the wrong capture aside (`suara set-aside`); "
                "`suara run` then publishes what is left."
            )
        release_id, run_id = chosen.identity()
        started = time.perf_counter()
        store.serve(paths.published, chosen)
        took = time.perf_counter() - started
        Ledger(paths).write_release(ROLLED_BACK, chosen.name, release_id=release_id, run_id=run_id, instead_of=before)
    finally:
        lock.release()
    click.echo(f"Serving release {chosen.name} of run {run_id} (changed in {1000 * took:.0f} ms), instead of {before}.")
    click.echo("The next `suara run` publishes anew: set a wrong capture aside before it.")
    _tell_dagster(chosen, release_id, run_id, before)


def _tell_dagster(release: KeptRelease, release_id: str, run_id: str, before: str | None) -> None:
    """Say on the published assets what is served now; readers have it already, so that a second here costs nobody."""
    import dagster as dg

    from orchestration.publishing.published_file import PUBLISHED_NAMES
    from orchestration.resources.run_history import open_instance

    serving = f"release {release_id[:12]} of run {run_id}"
    with open_instance() as instance:
        for name in PUBLISHED_NAMES:
            key = dg.AssetKey(["published", Path(name).stem])  # without loading the asset graph: 2 s
            facts: dict[str, Any] = {"serving": serving, "rolled back from": before or "nothing"}
            instance.report_runless_asset_event(dg.AssetMaterialization(key, metadata=facts))


@click.command("parquet")
@data_dir_option
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export_parquet(data_dir: Path | None, folder: Path) -> None:
    """Copy the served release's Parquet files into FOLDER, which must not exist, with their datapackage.json.

    They hold texts of posts, like the published file: pass them on only as you would pass on that.
    """
    import shutil

    from orchestration.publishing.published_file import PARQUET_NAME

    paths = use_data_dir(data_dir)
    # Resolved first: the whole copy is of one release, whatever is published meanwhile.
    source = (paths.published / PARQUET_NAME).resolve()
    if not source.is_dir():
        raise SuaraError(f"{paths.published}: nothing was published yet. `suara run` first.")
    if folder.exists():
        raise SuaraError(f"{folder}: expected no folder of that name; found one. Take another name.")
    shutil.copytree(source, may_export_to(paths, folder))
    files = sum(1 for _ in folder.rglob("*.parquet"))
    click.echo(f"{files} tables of release {source.parent.name}, described by datapackage.json. Written to {folder}.")


@click.command("coded")
@data_dir_option
@click.option("--year", type=int, help="Posts of one year. Default: all.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_coded(data_dir: Path | None, year: int | None, file: Path) -> None:
    """Write posts with a column per theme into FILE (.xlsx), for NVivo, MAXQDA, ATLAS.ti and others.

    Own posts of registered accounts. The codes are those of the rules; the sheet `themes` says what each column means
    and whether people agree with it. For your own work: to hand posts on there is `suara export ids`.
    """
    from orchestration.publishing.coded_posts import write_coded_posts

    paths = use_data_dir(data_dir)
    written = write_coded_posts(paths.published_file, may_export_to(paths, file), year)
    click.echo(f"{written.post_count:,} posts, {written.theme_count} themes. Written to {file}.")
    if written.unvalidated_count:
        click.echo(f"{written.unvalidated_count} themes are not validated: counts of words, no findings.")
    click.echo("The file holds texts of posts: pass it on only as you would pass on the posts themselves.")
