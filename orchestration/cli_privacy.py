"""Commands for who may be shown: registering accounts, exchanging the key behind the pseudonyms.

Belongs here: arguments and printing. Does not belong here: work (privacy).
"""

from __future__ import annotations

from pathlib import Path

import click

from orchestration.cli_support import data_dir_option, use_data_dir
from orchestration.privacy.accounts import KINDS, PLATFORMS, ROLES, RegisteredAccount, register, registered, unregister


def add_commands(main: click.Group) -> None:
    """Put these commands beside the others."""

    @main.group()
    def accounts() -> None:
        """Accounts that may be shown by name: organisations, offices, public figures."""

    @accounts.command("register")
    @data_dir_option
    @click.option("--kind", type=click.Choice(KINDS), required=True, help="What the account is.")
    @click.option("--name", help="Name for people. Default: the handle.")
    @click.option("--family", help="The organisation it speaks for, as a short word. Default: the handle.")
    @click.option(
        "--platform", type=click.Choice(PLATFORMS), default="x", show_default=True, help="Where the account is."
    )
    @click.option(
        "--role", type=click.Choice(ROLES), default="partner", show_default=True, help="What it is to the study."
    )
    @click.option("--country", help="ISO 3166 alpha-3 code.")
    @click.option(
        "--id", "account_id", help="Its id on the platform: then no other account that has the handle is shown."
    )
    @click.option("--evidence", default="registered by the owner of the data", help="Public source that shows it.")
    @click.argument("handle")
    def register_account(
        data_dir: Path | None,
        kind: str,
        name: str | None,
        family: str | None,
        platform: str,
        role: str,
        country: str | None,
        account_id: str | None,
        evidence: str,
        handle: str,
    ) -> None:
        """Let the account HANDLE be shown by name from the next run on.

        Everybody who is not registered has a pseudonym, and no text. A private person must not be registered.
        """
        handle = handle.removeprefix("@")
        account = RegisteredAccount(
            platform,
            handle,
            name or handle,
            family or handle.lower(),
            kind,
            country,
            role,
            evidence,
            account_id=account_id,
        )
        path = register(use_data_dir(data_dir), account)
        click.echo(f"@{handle} is in {path}; `suara run` shows it by name.")

    @accounts.command("unregister")
    @data_dir_option
    @click.option(
        "--platform", type=click.Choice(PLATFORMS), default="x", show_default=True, help="Where the account is."
    )
    @click.argument("handle")
    def unregister_account(data_dir: Path | None, platform: str, handle: str) -> None:
        """Take the registration of the account HANDLE back: from the next run on it has a pseudonym.

        That run removes the kept releases that name it. Accounts of the project's own list stay.
        """
        handle = handle.removeprefix("@")
        unregister(use_data_dir(data_dir), platform, handle)
        click.echo(
            f"@{handle} is registered no more; `suara run` takes its name out, and removes releases that name it."
        )

    @accounts.command("list")
    @data_dir_option
    def list_accounts(data_dir: Path | None) -> None:
        """The accounts that were registered in this data folder, beside those of the project."""
        for account in registered(use_data_dir(data_dir)):
            click.echo(f"@{account.handle}  {account.platform}  {account.org_type}  {account.name}")

    @main.group()
    def keys() -> None:
        """The key behind the pseudonyms (`keys/pseudonym.key` in the data folder)."""

    @keys.command("rotate")
    @data_dir_option
    def rotate_key(data_dir: Path | None) -> None:
        """Exchange the key: from the next run on every pseudonym is another.

        The codes that people gave stay with their posts. What was published before keeps the old pseudonyms.
        """
        from orchestration.privacy.rotation import rotate

        done = rotate(use_data_dir(data_dir))
        click.echo(f"{done.post_count:,} posts have other keys now, in {done.file_count} files of codes as well.")
        click.echo("`suara run` makes everything that is published with the new key.")
