"""Commands about what has to go, how long it may stay, and what may be handed on.

Belongs here: arguments and printing of `suara forget`, `purge`, `retention`, `export ids`. Does not belong here: work
(`orchestration.deletion`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from orchestration.cli_support import (
    InterruptedRunError,
    data_dir_option,
    execute,
    may_export_to,
    of_option,
    outside,
    print_failures,
    use_data_dir,
)
from orchestration.contract import DataDir, SuaraError
from orchestration.deletion import COUNTS, DROP, TOLD
from orchestration.warehouse.ledger import CaptureEntry, Ledger

EXIT_WITHDRAWN = 1  # everything is deleted, and nothing is published until a run passes its gates

_dry_run = click.option("--dry-run", is_flag=True, help="Say what would go; change nothing.")


def add_commands(main: click.Group, export: click.Group) -> None:
    """Put these commands beside the others."""
    for command in (forget, purge, retention, record_of_processing):
        main.add_command(command)
    for command in (export_ids, export_posts):
        export.add_command(command)


@click.command()
@data_dir_option
@click.option("--accounts", is_flag=True, help="Ids in FILE are those of accounts, not of posts.")
@click.option(
    "--counts",
    type=click.Choice(COUNTS),
    help="Whether quality.fct_deletions counts what goes by account and month (of owners of captures and registered "
    "accounts only). Kept for later deletions. Default: drop.",
)
@click.option("--remove-whole", is_flag=True, help="Remove captures whole that cannot be rewritten.")
@click.option("--why", default="", help="The reason; it is kept in the receipt.")
@_dry_run
@click.argument("file", required=False, type=click.Path(path_type=Path))
def forget(
    data_dir: Path | None,
    accounts: bool,
    counts: str | None,
    remove_whole: bool,
    why: str,
    dry_run: bool,
    file: Path | None,
) -> None:
    """Delete the posts and accounts that FILE names from every layer, the stored captures included.

    FILE has one of these a line: an id of X, the address of a post, @handle, @user@server, did:…, account:ID, or a line
    of X batch compliance. Reposts and other versions of a post go with it. Without FILE: go on with a deletion that was
    begun; otherwise delete what the captures themselves say was deleted.

    Captures are rewritten record by record (JSON, tables, repositories of Bluesky), everything is built anew and
    published, every file below the data folder is searched, and a receipt is written. A capture that cannot be
    rewritten is named, and nothing is changed; one that no reader could open is named as well.

    Exit status: 0 done; 1 nothing was changed, or, where it says so, nothing is published any more.
    """
    from orchestration.deletion import journal as journals
    from orchestration.deletion.forget import TOLD_REQUEST, begin, clear, lock, planned, request_of
    from orchestration.deletion.requests import read_request
    from orchestration.deletion.resolve import delivered_deletions

    paths = use_data_dir(data_dir)
    ledger = Ledger(paths)
    policy = counts or ledger.settings().get("counts_of_deleted_posts", DROP)
    store = lock(paths, _say)
    try:
        # read with the lock held: whoever had it before may have begun one
        begun = None if file else journals.Journal.read(paths)
        if begun and dry_run:
            click.echo(f"{begun.receipt_id} was begun and not finished: `suara forget` goes on with it.")
            _show_captures(begun.captures)
            click.echo("Dry run: nothing was changed.")
            return
        if begun:
            click.echo(f"Going on with {begun.receipt_id}.")
        else:
            targets = read_request(file, accounts=accounts) if file else delivered_deletions(paths)
            if not targets:
                click.echo(f"{file.name if file else 'The captures'}: nothing to delete. Nothing was changed.")
                return
            with planned(paths, targets, remove_whole=remove_whole, log=_say) as plan:
                _show(plan, policy)
                if dry_run:
                    click.echo("Dry run: nothing was changed.")
                    return
                request = request_of(file) if file else TOLD_REQUEST
                begun = begin(paths, plan, kind=journals.DELETION, reason=why, request=request, counts=policy)
        if counts:
            ledger.change_settings(counts_of_deleted_posts=counts)
        is_left = clear(paths, begun)
    finally:
        store.release()
    _build_and_finish(paths, is_left)


@click.command()
@data_dir_option
@click.option("--source", help="Remove every capture of this source, such as x_api_v2.")
@click.option("--capture", "name", help="Remove this capture, by name or by 6 or more first characters of its id.")
@click.option("--why", required=True, help="The reason; it is kept in the receipt.")
@_dry_run
def purge(data_dir: Path | None, source: str | None, name: str | None, why: str, dry_run: bool) -> None:
    """Remove captures whole, with everything that was made of them, from every layer; a receipt tells of it."""
    from orchestration.deletion import journal as journals
    from orchestration.deletion.forget import begin, clear, lock, planned, purge_too

    paths = use_data_dir(data_dir)
    ledger = Ledger(paths)
    if bool(source) == bool(name):
        raise SuaraError("purge: expected either --source or --capture; found both or none. Name one of them.")
    store = lock(paths, _say)
    try:
        begun = journals.Journal.read(paths)
        if source:
            journals.refuse_while_begun(paths)
        entries = [ledger.capture(name)] if name else _of_source(ledger, source)
        if begun:
            for one in entries:
                click.echo(f"  {one.file_name}: removed whole, with {begun.receipt_id}, which was begun")
            if dry_run:
                click.echo("Dry run: nothing was changed.")
                return
            purge_too(paths, begun, entries, why)
        else:
            with planned(paths, [], whole=[one.capture_id for one in entries]) as plan:
                _show(plan, DROP)
                if dry_run:
                    click.echo("Dry run: nothing was changed.")
                    return
                begun = begin(paths, plan, kind=journals.PURGE, reason=why, request={"source": source, "capture": name})
        is_left = clear(paths, begun)
    finally:
        store.release()
    _build_and_finish(paths, is_left)


@click.command()
@data_dir_option
@click.option("--source", help="Set it for every capture of this source.")
@click.option("--purpose", help="Why it may be kept.")
@click.option("--legal-basis", help="On what legal basis.")
@click.option("--until", help="The last day on which it may be kept, such as 2027-12-31.")
@click.option(
    "--told-deletions",
    type=click.Choice(TOLD),
    help="What a run does with posts that captures say were deleted: remove them from captures and every layer, or "
    "keep them in captures and raw, out of every mart. Kept for later runs. Default: remove, but keep what is made up.",
)
@click.argument("capture", required=False)
def retention(
    data_dir: Path | None,
    source: str | None,
    purpose: str | None,
    legal_basis: str | None,
    until: str | None,
    told_deletions: str | None,
    capture: str | None,
) -> None:
    """Show why captures are kept and how long; with options, set it for CAPTURE or for every one of a source.

    An empty value ('') takes back what was set.

    A run warns 30 days before the last day, and removes the capture from every layer after it, with a receipt.
    """
    from orchestration.deletion.retention import set_retention
    from orchestration.warehouse.candidate import WarehouseStore

    ledger = Ledger(use_data_dir(data_dir))
    if told_deletions:
        ledger.change_settings(told_deletions=told_deletions)
    entries = ledger.captures()
    if capture:
        entries = [ledger.capture(capture)]
    elif source:
        entries = _of_source(ledger, source)
    if any(one is not None for one in (purpose, legal_basis, until)):
        if not capture and not source:
            raise SuaraError(
                "retention: expected a capture or --source to set it for; found neither. Name one of them."
            )
        with WarehouseStore(ledger.data_dir).held(_say):
            # read again with the lock held: a run writes the entries that it loads
            entries = [ledger.capture(entry.capture_id) for entry in entries]
            for entry in entries:
                set_retention(ledger, entry, purpose=purpose, legal_basis=legal_basis, until=until)
    for entry in entries:
        click.echo(f"{entry.capture_id[:12]}  {entry.source or '-':<16}  {entry.file_name}")
        click.echo(f"              until {entry.retain_until or 'nobody has decided'}")
        click.echo(
            f"              {entry.purpose or 'no purpose stated'}; {entry.legal_basis or 'no legal basis stated'}"
        )
    if not entries:
        click.echo("No capture.")
    kept = "removed by a run" if ledger.removes_told_deletions() else "kept in captures and raw"
    click.echo(f"Posts that captures say were deleted are {kept}.")


_for = click.option("--for", "recipient", required=True, help="Who gets it; the limits are counted for each.")


@click.command("ids")
@data_dir_option
@of_option
@_for
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_ids(data_dir: Path | None, conditions: tuple[str, ...], recipient: str, file: Path) -> None:
    """Write the ids of posts to FILE (CSV), for third parties: no text, no name.

    Own posts of registered accounts. X allows 1,500,000 ids for one recipient in 30 days;
    what was handed out is counted in data/ledger/exports.json.
    """
    _export(data_dir, conditions, recipient, file, hydrated=False)


@click.command("posts")
@data_dir_option
@of_option
@_for
@click.option("--hydrated", is_flag=True, help="Yes, with texts: at most 500 posts a day for one recipient.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_posts(
    data_dir: Path | None, conditions: tuple[str, ...], recipient: str, hydrated: bool, file: Path
) -> None:
    """Write whole posts to FILE (CSV) for a third party, by hand: counted, and at most 500 a day for one recipient.

    Own posts of registered accounts. Ids are enough for most purposes: `suara export ids`.
    """
    if not hydrated:
        raise SuaraError(
            "export posts: expected --hydrated, which says that texts are to be handed out; found no such option. "
            "`suara export ids` hands out ids only."
        )
    _export(data_dir, conditions, recipient, file, hydrated=True)


def _export(data_dir: Path | None, conditions: tuple[str, ...], recipient: str, file: Path, *, hydrated: bool) -> None:
    from orchestration.deletion.sharing import HYDRATED, IDS, export_posts, left
    from orchestration.text.corpus import Selection

    paths = use_data_dir(data_dir)
    handed = export_posts(paths, may_export_to(paths, file), Selection.parse(conditions), recipient, hydrated=hydrated)
    rest = left(paths, HYDRATED if hydrated else IDS, recipient)
    what = "whole posts today" if hydrated else "ids of X in 30 days"
    click.echo(f"{handed.count:,} posts ({handed.selection}) for {recipient}: {file}")
    click.echo(f"{rest:,} {what} are left for {recipient}.")


@click.command("record-of-processing")
@data_dir_option
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def record_of_processing(data_dir: Path | None, file: Path | None) -> None:
    """What is held, why, on what legal basis, how long, and who got it: a Markdown page, printed or written to FILE."""
    from orchestration.contract import replacing
    from orchestration.deletion.record import record_of_processing as made

    paths = use_data_dir(data_dir)
    text = made(paths)
    if file is None:
        click.echo(text, nl=False)
        return
    with replacing(outside(paths, file), mode=0o600) as partial:
        partial.write_text(text, encoding="utf-8")
    click.echo(f"Record of processing: {file}")


def _of_source(ledger: Ledger, source: str | None) -> list[CaptureEntry]:
    captures = ledger.captures()
    if not (found := [one for one in captures if one.source == source]):
        known = ", ".join(sorted({one.source for one in captures if one.source})) or "none"
        raise SuaraError(f"--source {source}: expected a source of a capture here ({known}); found no such capture.")
    return found


def _say(text: str) -> None:
    click.echo(text, err=True)


def _show(plan: Any, policy: str) -> None:
    """What a request comes to, in numbers."""
    targets = plan.resolution.targets
    if targets:
        posts, accounts = (sum(one.kind == kind for one in targets) for kind in ("post", "account"))
        click.echo(f"{posts:,} posts and {accounts:,} accounts; counts of deleted posts: {policy}.")
    for one in plan.refused:
        click.echo(f"  {one.entry.file_name}: cannot be rewritten. {one.refusal}")
    _show_captures(one.told() for one in plan.captures if not one.refusal)
    if not plan.captures:
        click.echo("  No stored capture holds any of it.")
    for name in plan.never_read:
        click.echo(f"  {name}: nothing in it was ever read; if it may hold any of it, `suara purge --capture`")
    for name in plan.still_named:
        click.echo(
            f"  {name}: holds records that no reader loads, and a name of what goes; look, or `suara purge --capture`"
        )


def _show_captures(captures: Iterable[dict[str, Any]]) -> None:
    for told in captures:
        click.echo(
            f"  {told['file_name']}: {told['what']}, {told['records_removed']:,} records go, "
            f"{told['records_emptied']:,} parts of others, {told['coordinates_removed']:,} coordinates"
        )


def _build_and_finish(paths: DataDir, is_left: bool) -> None:
    """Run the pipeline on what is left; its publish step finishes the deletion."""
    from orchestration.deletion import journal as journals
    from orchestration.deletion.begun import give_up
    from orchestration.warehouse.candidate import WarehouseStore

    success, failures = True, []
    before = _receipts(paths)
    if is_left:
        try:
            _, success, failures = execute([])
        except InterruptedRunError:
            # no gate was closed: what is published stays until the deletion is gone on with
            warn_of_a_deletion_not_finished(paths)
            raise
        print_failures(failures)
    if journals.Journal.read(paths):
        # a run that waited for this one may be going on with it
        with WarehouseStore(paths).held(_say):
            give_up(paths)
    for path in sorted(_receipts(paths) - before):
        click.echo(f"Receipt: {path}")
    if not success or not is_left:
        click.echo("Deleted everywhere. Nothing is published any more: `suara run` publishes when its gates are open.")
    if not success:
        sys.exit(EXIT_WITHDRAWN)


def warn_of_a_deletion_not_finished(paths: DataDir) -> None:
    """Say after a run that published nothing what readers still have."""
    from orchestration.deletion.journal import Journal

    if begun := Journal.read(paths):
        _say(
            f"The deletion {begun.receipt_id} is not finished, and what is published still holds what has to go. "
            "The next run that publishes finishes it; `suara forget` does, and withdraws what is published if none can."
        )


def _receipts(paths: DataDir) -> set[Path]:
    return set(paths.receipts.glob("*.json")) if paths.receipts.is_dir() else set()
