"""The `suara` command.

Belongs here: arguments, environment, printing. Does not belong here: work; commands call the same Dagster
job and the same functions as the UI.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration import cli_data_protection, cli_privacy, cli_readers
from orchestration.cli_support import (
    InterruptedRunError,
    execute,
    may_export_to,
    of_option,
    outside,
    print_failures,
    use_data_dir,
)
from orchestration.coding import DEFAULT_FACETS, DEFAULT_SEED, DEFAULT_SIZE
from orchestration.contract import PROJECT_ROOT, DataDir, InputError, SuaraError, replacing
from orchestration.suggesting import DEFAULT_CLUSTERS, DEFAULT_TOPICS
from orchestration.warehouse.ledger import ACCEPTED, DECIDED_BY_USER, QUARANTINED, Ledger

if TYPE_CHECKING:
    from orchestration.codebook import Codebook

EXIT_STOPPED = 1  # a gate stayed closed: nothing was replaced
EXIT_QUARANTINED = 3  # published, but captures delivered in this run were quarantined

_at_least_1 = click.IntRange(min=1)

_data_dir = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that isolates everything a run reads and writes. Default: data/ in the checkout.",
)


class _Command(click.Group):
    """Errors that are meant for a person are printed without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SuaraError as error:
            raise click.ClickException(str(error)) from error
        except Exception as error:
            # DuckDB and SQLite say it in words only
            words = (os.strerror(errno.ENOSPC), "disk is full")
            if getattr(error, "errno", None) != errno.ENOSPC and not any(one in str(error) for one in words):
                raise
            raise click.ClickException(
                f"The disk is full: expected room to write; found none ({str(error).splitlines()[0]}). Make room and "
                "run the command again: nothing that was in place is half-written."
            ) from error


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="suara")
def main() -> None:
    """Suara: exports of an organisation's posts become a gated, audited DuckDB warehouse."""


@main.command()
@_data_dir
@click.option("--study", help="Study whose settings are used (a row of seeds/studies/studies.csv).")
@click.option("--source", help="Source family of FILES; detected when not given.")
@click.option(
    "--map",
    "column_map",
    type=click.Path(path_type=Path),
    help="Map of the columns of FILES (see `suara map`). Default: FILE.map.yml beside each file, where there is one.",
)
@click.option("--demo", is_flag=True, help="Generate the synthetic demo captures first (unless real ones are here).")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def run(
    data_dir: Path | None,
    study: str | None,
    source: str | None,
    column_map: Path | None,
    demo: bool,
    files: tuple[Path, ...],
) -> None:
    """Take in FILES and the inbox, build everything through the gates, publish.

    Exit status: 0 published; 1 a gate stayed closed and nothing was replaced; 3 published, but a capture
    delivered in this run was quarantined.
    """
    paths = use_data_dir(data_dir)
    _warn_of_a_codebook_not_compiled()
    if column_map and not files:
        raise SuaraError(
            "--map: expected the files that it describes; found none. Name them: suara run --map MAP FILE."
        )
    for path in (*files, *([column_map] if column_map else [])):
        if not path.exists():
            raise SuaraError(f"{path}: expected a file or folder to load; found nothing there. Check the path.")
    if source:
        _check_source(source)
    ledger = Ledger(paths)
    if study:
        _check_study(study)
        ledger.change_settings(study=study)
    names = [str(path.resolve()) for path in files]
    synthetic = False
    if demo and not files:
        entries = ledger.captures()
        if any(not entry.is_synthetic for entry in entries):
            click.echo("Real captures are here: the synthetic demo is not added; rebuilding what is here.")
        elif not entries:
            names, synthetic = _generate_demo(paths), True
    before = {entry.capture_id for entry in ledger.captures() if entry.status == QUARANTINED}
    try:
        result_run_id, success, failures = execute(names, source=source, column_map=column_map, synthetic=synthetic)
    except InterruptedRunError:
        cli_data_protection.warn_of_a_deletion_not_finished(paths)
        raise
    print_failures(failures)
    click.echo(_summary(paths, result_run_id))
    if not success:
        cli_data_protection.warn_of_a_deletion_not_finished(paths)
        sys.exit(EXIT_STOPPED)
    after = {entry.capture_id for entry in ledger.captures() if entry.status == QUARANTINED and not entry.is_synthetic}
    if after - before:
        sys.exit(EXIT_QUARANTINED)


@main.command("map")
@click.argument("file", type=click.Path(path_type=Path))
def propose_map(file: Path) -> None:
    """Propose a map of the columns of FILE, a table of posts, and say what it could not tell.

    Save what it prints as FILE.map.yml beside FILE, correct it, and load FILE with `suara run FILE`.
    """
    import contextlib
    import tempfile

    from orchestration.connectors import detect
    from orchestration.connectors.files import CaptureFiles
    from orchestration.connectors.map_proposal import propose

    with CaptureFiles(file) as files:
        with contextlib.suppress(InputError):  # no known kind of file, which is why a map is wanted
            click.echo(f"Without a map FILE is read as {detect(files).source}; a map replaces that.", err=True)
    with tempfile.TemporaryDirectory() as scratch:
        click.echo(propose(file, Path(scratch)), nl=False)


@main.group()
def codebook() -> None:
    """The codebook: check its YAML, compile it to the tables, exchange it with other tools."""


@codebook.command("check")
@click.argument("file", type=click.Path(path_type=Path))
def check_codebook(file: Path) -> None:
    """Say everything that is wrong with the codebook in FILE, each with its line, and with the studies that name one.

    Exit status: 0 it can be compiled (warnings are only shown); 1 it has errors, or a study names no codebook.
    """
    from orchestration.codebook import CodebookError, check, read_text

    found, problems = check(read_text(file))
    for problem in problems:
        if problem.severity != "error":
            click.echo(problem.text(file.name), err=True)
    if found is None:
        raise CodebookError(file.name, problems)
    _check_codebooks_of_studies(found.id)
    click.echo(_codebook_summary(found))


def _check_codebooks_of_studies(*more: str) -> None:
    """Refuse a study that names a codebook which neither the folder nor `more` has."""
    from orchestration.codebook import CODEBOOK_FOLDER, STUDIES, CodebookError, stated_ids, study_problems

    if problems := study_problems(STUDIES, {*stated_ids(CODEBOOK_FOLDER), *more}):
        raise CodebookError(STUDIES.name, problems)


@codebook.command("compile")
def compile_codebooks() -> None:
    """Write the seeds that the models read from every codebook in codebooks/.

    The next `suara run` codes every post with the codebook that its study names (seeds/studies/studies.csv).
    """
    import csv

    from orchestration.codebook import CODEBOOK_FOLDER, SEED_FOLDER, read_codebooks, seed_files

    found = read_codebooks(CODEBOOK_FOLDER)
    _check_codebooks_of_studies()
    themes = SEED_FOLDER / "codebook_themes.csv"
    before: dict[str, str] = {}
    if themes.exists():
        with themes.open(encoding="utf-8", newline="") as handle:
            before = {row.get("codebook_id", ""): row.get("codebook_version", "") for row in csv.DictReader(handle)}
    changed = []
    for name, text in seed_files(found).items():
        path = SEED_FOLDER / name
        if not path.exists() or path.read_bytes() != text.encode("utf-8"):
            with replacing(path) as partial:
                partial.write_bytes(text.encode("utf-8"))
            changed.append(name)
    for one in found:
        click.echo(_codebook_summary(one))
    click.echo(f"Written: {', '.join(changed)}." if changed else "The seeds hold it already.")
    for one in found:
        stated, _, _ = before.get(one.id, "").partition("+")
        if stated == one.version and before[one.id] != one.full_version:
            click.echo(
                f"The content of {one.id} changed and the version is still {one.version}: "
                "raise it before you publish results."
            )


@codebook.command("export")
@click.option("--format", "form", type=click.Choice(["csv", "qdc", "yaml"]), required=True, help="Format of OUT.")
@click.option(
    "--codebook",
    "file",
    type=click.Path(path_type=Path),
    help="The codebook. Default: codebooks/iom_trafficking.yml.",
)
@click.argument("out", type=click.Path(path_type=Path))
def export_codebook(form: str, file: Path | None, out: Path) -> None:
    """Write the codebook to OUT: a table, a REFI-QDA codebook (NVivo, MAXQDA, ATLAS.ti), or YAML."""
    from orchestration.codebook import DEFAULT_CODEBOOK, EXPORTS, read_codebook

    source = file or DEFAULT_CODEBOOK
    found = read_codebook(source)
    if out.exists() and out.samefile(source):
        raise SuaraError(f"{out}: expected another file than the codebook; found itself. Choose another name.")
    with replacing(out) as partial:
        partial.write_bytes(EXPORTS[form](found).encode("utf-8"))
    click.echo(f"{_codebook_summary(found)} Written to {out}.")


@codebook.command("import")
@click.option(
    "--language",
    default="en",
    show_default=True,
    help="Language of names and descriptions in the .qdc of another tool (BCP-47).",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
def import_codebook_file(language: str, file: Path, out: Path) -> None:
    """Write the codebook in FILE (.csv, or .qdc of NVivo, MAXQDA, ATLAS.ti) to OUT, a new YAML file.

    Exit status: 0 OUT can be compiled; 1 OUT was written, but has to be completed first (codes of other tools have
    no terms), or FILE cannot be read and nothing was written.
    """
    from orchestration.codebook import CodebookError, import_codebook

    if out.exists():
        raise SuaraError(f"{out}: expected a new file; found one that is there. Choose another name, or move it away.")
    imported = import_codebook(file, language)
    with replacing(out) as partial:
        partial.write_bytes(imported.text.encode("utf-8"))
    for problem in imported.problems:
        if problem.severity != "error":
            click.echo(problem.text(out.name), err=True)
    if imported.codebook is None:
        click.echo(f"Written to {out}; it has to be completed before it can be compiled:", err=True)
        raise CodebookError(out.name, imported.problems)
    click.echo(f"{_codebook_summary(imported.codebook)} Written to {out}.")


def _codebook_summary(found: Codebook) -> str:
    terms = [term for _, term in found.terms()]
    hashtags = sum(term.is_hashtag for term in terms)
    near, regexes = (sum(term.kind == kind for term in terms) for kind in ("near", "regex"))
    more = "".join(f", {n} {what}" for n, what in ((near, "near rules"), (regexes, "regexes")) if n)
    exclusions = sum(len(theme.exclusions) for theme in found.themes)
    return (
        f"{found.id} {found.full_version}: {len(found.themes)} themes in {len(found.facets)} facets, "
        f"{len(terms) - hashtags - near - regexes} terms, {hashtags} hashtags{more}, {exclusions} exclusions."
    )


@main.group()
def claims() -> None:
    """The claims of a study: check the file that states them."""


@claims.command("check")
@_data_dir
@click.argument("file", type=click.Path(path_type=Path))
def check_claims(data_dir: Path | None, file: Path) -> None:
    """Say everything that is wrong with the claims in FILE, each with its line.

    Exit status: 0 they can be computed; 1 the file has errors.
    """
    from orchestration.analysis.statements import known_indicators, read_claims

    added = sorted(use_data_dir(data_dir).indicators.glob("*.csv"))
    found = read_claims(file, known_indicators(added))
    click.echo(f"{found.id} {found.version}: {found.title}. SHA-256 {found.sha256}")
    for statement in found.statements:
        click.echo(f"{statement.id}: {statement.text['en']}")
        for spec in statement.specifications:
            mark = "  decides" if spec.is_primary else ""
            click.echo(f"  {spec.id:<24} {spec.method:<12} above {spec.threshold:<5g} {spec.sha256[:12]}{mark}")


@main.command()
@_data_dir
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port on 127.0.0.1.")
def ui(data_dir: Path | None, port: int) -> None:
    """The Dagster UI on 127.0.0.1. The inbox sensor and the daily schedule ship switched off."""
    from orchestration.resources.manifest import prepare_manifest
    from orchestration.resources.ui_server import check_port, serve

    check_port(port)
    paths = use_data_dir(data_dir)
    prepare_manifest()
    click.echo(f"Dagster UI: http://127.0.0.1:{port}  (stop with Ctrl-C)")
    click.echo(f"Drop files into {paths.inbox}, then press 'Materialize all' on the asset graph.")
    click.echo("The inbox sensor and the daily schedule are switched off; switch them on under Automation.")
    # Not in the checkout: Dagster would warn of the dagster.yaml there, a copy of which it uses already.
    os.chdir(paths.root)
    # The code of this checkout, whichever one is installed.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PROJECT_ROOT), os.environ.get("PYTHONPATH")]))
    sys.exit(serve(port))


@main.command()
@_data_dir
def status(data_dir: Path | None) -> None:
    """What the warehouse holds, what the gates said, what is published."""
    paths = use_data_dir(data_dir)
    click.echo(_summary(paths, Ledger(paths).latest_run()))


@main.command()
@_data_dir
def captures(data_dir: Path | None) -> None:
    """Every capture with its status, and why."""
    entries = Ledger(use_data_dir(data_dir)).captures()
    if not entries:
        click.echo("No capture yet: `suara run FILE` takes one in.")
    for entry in entries:
        counts = ", ".join(f"{value:,} {name}" for name, value in entry.counts.items())
        click.echo(f"{entry.capture_id[:12]}  {entry.status:<11}  {entry.source or '-':<16}  {entry.file_name}")
        if counts:
            click.echo(f"              {counts}")
        if entry.reason:
            click.echo(f"              {entry.decided_by}: {entry.reason}")


@main.command()
@_data_dir
@click.option("--why", required=True, help="The reason; it is kept with the decision.")
@click.argument("capture")
def accept(data_dir: Path | None, why: str, capture: str) -> None:
    """Accept a quarantined CAPTURE by name or id, in spite of its checks. Takes effect at the next run."""
    _decide(data_dir, capture, ACCEPTED, why)


@main.command("set-aside")
@_data_dir
@click.option("--why", required=True, help="The reason; it is kept with the decision.")
@click.argument("capture")
def set_aside(data_dir: Path | None, why: str, capture: str) -> None:
    """Keep a CAPTURE out of every layer after raw. Takes effect at the next run."""
    _decide(data_dir, capture, QUARANTINED, why)


def _warn_of_a_codebook_not_compiled() -> None:
    """Posts are coded by the seeds: whoever changed only the YAML would read the old codes as the new ones."""
    from orchestration.codebook import CODEBOOK_FOLDER, SEED_FOLDER, read_codebooks, seed_files

    if not any(CODEBOOK_FOLDER.glob("*.yml")):
        return
    place = CODEBOOK_FOLDER.name
    try:
        files = seed_files(read_codebooks(CODEBOOK_FOLDER))
    except SuaraError:
        click.echo(f"{place}/ has errors (`suara codebook compile`); posts are coded by the seeds.", err=True)
        return
    seeds = {path.name: path.read_bytes() for path in SEED_FOLDER.glob("*.csv")}
    if any(seeds.get(name) != text.encode("utf-8") for name, text in files.items()):
        click.echo(f"The seeds are not those of {place}/; `suara codebook compile` writes them anew.", err=True)


@main.group()
def coding() -> None:
    """Code a sample of posts by hand, and see how far the rules agree with people."""


@coding.command("sample")
@_data_dir
@click.option("--size", type=_at_least_1, default=DEFAULT_SIZE, show_default=True, help="Posts to draw.")
@click.option("--seed", default=DEFAULT_SEED, show_default=True, help="Another number draws other posts.")
@click.option(
    "--facet",
    "facets",
    multiple=True,
    default=DEFAULT_FACETS,
    show_default=True,
    help="Code the themes at the top of this facet of the codebook; may be given several times.",
)
@click.option(
    "--theme", "themes", multiple=True, help="Code this theme (its code) instead; may be given several times."
)
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
def coding_sample(
    data_dir: Path | None, size: int, seed: int, facets: tuple[str, ...], themes: tuple[str, ...], target: Path
) -> None:
    """Write a sample of posts into TARGET, a sheet for coders (.xlsx or .csv).

    Its manifest lies beside it. The sample comes from the published file: own posts of registered accounts, by year,
    half of them with a topic. The sheet shows nothing of what the rules said; the manifest does, so coders do not get
    it.
    """
    from orchestration.coding.sample import draw
    from orchestration.coding.sheets import write_sheet
    from orchestration.coding.store import CodingStore

    paths = use_data_dir(data_dir)
    may_export_to(paths, target)
    sample = draw(paths.published_file, size=size, seed=seed, facets=facets, themes=themes)
    files = write_sheet(sample, target)
    CodingStore(paths).add_sample(sample.manifest)
    manifest = sample.manifest
    population = sum(stratum.population for stratum in manifest.strata)
    click.echo(
        f"Sample {manifest.sample_id}: {len(manifest.posts):,} of {population:,} posts in {len(manifest.strata):,} "
        f"strata, themes {', '.join(manifest.themes)} of codebook {manifest.codebook_version}."
    )
    for file, words in zip(files, ("for the coders, a copy each", "for you only", "for the coders"), strict=False):
        click.echo(f"  {file}  ({words})")
    click.echo("The sheet holds texts of posts: pass it on only as you would pass on the posts themselves.")


@coding.command("import")
@_data_dir
@click.option(
    "--manifest",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Manifest of the sample, where another data folder drew it.",
)
@click.option("--replace", is_flag=True, help="Let corrected codes replace those of the same coder and post.")
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
def coding_import(data_dir: Path | None, manifest: Path | None, replace: bool, files: tuple[Path, ...]) -> None:
    """Check coded sheets, FILES, and keep their codes.

    They are kept in data/coding. When anything is wrong in one of FILES, nothing is kept.
    """
    from orchestration.coding.store import CodingStore, import_sheets

    sheets, stored = import_sheets(CodingStore(use_data_dir(data_dir)), files, manifest=manifest, replace=replace)
    for file, sheet in zip(files, sheets, strict=True):
        coders = sorted({code.coder for code in sheet.codes})
        posts = len({(code.coder, code.post_key) for code in sheet.codes})
        click.echo(
            f"{file.name}: {posts:,} posts coded by {', '.join(coders) or 'nobody'}, "
            f"{sheet.rows_without_codes:,} rows not coded yet"
        )
    click.echo(f"Codes: {stored.new:,} new, {stored.unchanged:,} known already, {stored.replaced:,} replaced")


@coding.command("quality")
@_data_dir
@click.option(
    "--csv", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write every figure into this file, too."
)
def coding_quality(data_dir: Path | None, target: Path | None) -> None:
    """Coder against coder, rules against coders, and a verdict per theme.

    Figures have 95 % intervals and are weighted to the posts that the sample was drawn from. The rules are those of the
    published file. The next run writes the same figures into quality.fct_codebook_quality.
    """
    from orchestration.coding.quality import measure, quality_lines, write_quality
    from orchestration.coding.sample import open_published
    from orchestration.coding.store import CodingStore

    paths = use_data_dir(data_dir)
    if target:
        outside(paths, target)
    store = CodingStore(paths)
    with open_published(paths.published_file) as connection:
        themes = measure(connection, store.manifests(), store.codes())
    click.echo("\n".join(quality_lines(themes)))
    if target:
        write_quality(themes, target)
        click.echo(f"All figures: {target}")


@coding.command("suggest")
@_data_dir
@click.option(
    "--posts",
    "per_theme",
    type=_at_least_1,
    default=30,
    show_default=True,
    help="Posts to propose for each theme.",
)
@click.option("--seed", default=DEFAULT_SEED, show_default=True, help="Any whole number.")
@click.option(
    "--sheet",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the proposed posts as a sheet for coders (.xlsx or .csv), without any prediction.",
)
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
def coding_suggest(data_dir: Path | None, per_theme: int, seed: int, sheet: Path | None, target: Path) -> None:
    """Propose missing terms and the posts to code next into TARGET (.xlsx or .csv), learnt from what people coded.

    TARGET shows predictions and texts: it is for you only. Nothing in it is a code, and no rule changes by it. A theme
    with too few coded posts is left out and told what is missing; where that is so for all, no file is written.
    """
    from orchestration.coding.quality import shown
    from orchestration.coding.sheets import write_sheet
    from orchestration.coding.store import CodingStore
    from orchestration.suggesting.suggest import suggest
    from orchestration.suggesting.writing import check_target, write_suggestions

    paths = use_data_dir(data_dir)
    check_target(target)
    for one in filter(None, (target, sheet)):
        may_export_to(paths, one)
    store = CodingStore(paths)
    found = suggest(paths.published_file, store.manifests(), store.codes(), per_theme=per_theme, seed=seed)
    if not found.themes:
        click.echo("Nothing is coded yet: `suara coding sample` draws posts to code.")
    for theme in found.themes:
        click.echo(
            f"{theme.theme_code:<10} "
            + (
                f"model F1 {shown(theme.figures.f1)}, rules F1 {shown(theme.rules.f1)} on {theme.coded:,} coded posts"
                if theme.figures and theme.rules
                else f"too little is coded: {theme.missing} are missing"
            )
        )
    if not any(theme.figures for theme in found.themes):
        return
    files: list[tuple[Path, str]] = []
    if sheet and found.sample:
        # First, since it refuses to write over a sheet in which somebody may have coded.
        words = ("for the coders, a copy each", "for you only", "for the coders")
        files += zip(write_sheet(found.sample, sheet), words, strict=False)
        store.add_sample(found.sample.manifest)
    files += [(path, "for you only") for path in write_suggestions(found, target)]
    click.echo(f"{len(found.terms):,} terms and {len(found.posts):,} posts are proposed:")
    for path, whom in files:
        click.echo(f"  {path}  ({whom})")
    click.echo("These files hold texts of posts: pass them on only as you would pass on the posts themselves.")


@main.group()
def explore() -> None:
    """Look for patterns in the words of the published posts. Nothing here is a finding, or changes one."""


@explore.command("clusters")
@_data_dir
@click.option("--of", "kind", type=click.Choice(["accounts", "themes"]), required=True, help="What is compared.")
@click.option(
    "--measure",
    type=click.Choice(["pearson", "jaccard", "sorensen"]),
    default="pearson",
    show_default=True,
    help="pearson: how often words are used; jaccard, sorensen: which words are used at all.",
)
@click.option("-n", "count", type=_at_least_1, default=DEFAULT_CLUSTERS, show_default=True, help="Clusters.")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
def explore_clusters(data_dir: Path | None, kind: str, measure: str, count: int, target: Path) -> None:
    """Cluster accounts or themes by the words of their posts into TARGET (.csv), as NVivo does: complete linkage.

    Beside TARGET lie the similarity of all pairs (.pairs.csv) and the tree (.svg). Own posts of registered accounts,
    five or more of each.
    """
    from orchestration.suggesting.clusters import cluster, read_items, write_clusters

    _expect_csv(target)
    paths = use_data_dir(data_dir)
    may_export_to(paths, target)
    found = cluster(read_items(paths.published_file, kind), measure=measure, count=count)
    for file in write_clusters(found, target):
        click.echo(f"  {file}")
    click.echo(
        f"{len(found.items):,} {kind} in {max(found.clusters):,} clusters by {measure}: a look at words, no finding."
    )


@explore.command("topics")
@_data_dir
@click.option("-n", "count", type=_at_least_1, default=DEFAULT_TOPICS, show_default=True, help="Topics.")
@click.option("--seed", default=DEFAULT_SEED, show_default=True, help="Any whole number.")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
def explore_topics(data_dir: Path | None, count: int, seed: int, target: Path) -> None:
    """Find words that go together (NMF) into TARGET (.csv): per topic its words and its posts of each year.

    Own posts of registered accounts. Exploratory: topics have no definition, and another
    number of them gives others.
    """
    from orchestration.suggesting.topics import find_topics, write_topics

    _expect_csv(target)
    paths = use_data_dir(data_dir)
    may_export_to(paths, target)
    found = find_topics(paths.published_file, count=count, seed=seed)
    write_topics(found, target)
    for topic in found.topics:
        click.echo(f"{topic.number:>3} {topic.posts:>7,} posts  {' '.join(topic.words)}")
    click.echo(f"    {found.posts_without:>7,} of {found.posts:,} posts hold no word of any topic")
    click.echo(f"Exploratory, no finding: {target}")


def _expect_csv(target: Path) -> None:
    if target.suffix.lower() != ".csv":
        raise SuaraError(f"{target}: expected a name that ends in .csv; found {target.suffix or 'no ending'}.")


@main.group()
def words() -> None:
    """Ask the words of own posts of registered accounts: context, neighbours, differences."""


_csv = click.option(
    "--csv", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write all rows into this file, unrounded."
)
_top = click.option("--top", type=_at_least_1, default=30, show_default=True, help="Rows to print.")


@words.command("kwic")
@_data_dir
@of_option
@click.option(
    "--width",
    type=click.IntRange(min=0),
    default=40,
    show_default=True,
    help="Characters of context on either side.",
)
@_top
@_csv
@click.argument("text")
def words_kwic(
    data_dir: Path | None, conditions: tuple[str, ...], width: int, top: int, target: Path | None, text: str
) -> None:
    """Keyword in context: where TEXT stands, a word or several one behind the other, in the order of time.

    Words are compared folded and whole; `*` at the end of a word stands for any ending.
    """
    from orchestration.text.corpus import Selection, keyword_in_context, opened

    with opened(_paths_for_words(data_dir, target)) as connection:
        found = keyword_in_context(connection, text, Selection.parse(conditions), width=width)
    _show_words(found, top, target, "places")


@words.command("collocations")
@_data_dir
@of_option
@click.option(
    "--window",
    type=_at_least_1,
    default=5,
    show_default=True,
    help="Words to either side that count as beside it.",
)
@click.option(
    "--least",
    type=_at_least_1,
    default=5,
    show_default=True,
    help="Leave out words that stand beside it less often.",
)
@click.option("--stop-words", is_flag=True, help="Show stop words, too.")
@_top
@_csv
@click.argument("word")
def words_collocations(
    data_dir: Path | None,
    conditions: tuple[str, ...],
    window: int,
    least: int,
    stop_words: bool,
    top: int,
    target: Path | None,
    word: str,
) -> None:
    """Words that stand beside WORD (any form of it) more often than by chance, the surest first."""
    from orchestration.text.corpus import Selection, collocations, opened

    with opened(_paths_for_words(data_dir, target)) as connection:
        found = collocations(
            connection,
            word,
            Selection.parse(conditions),
            window=window,
            least_count=least,
            with_stop_words=stop_words,
        )
    _show_words(found, top, target, "words")


@words.command("keyness")
@_data_dir
@of_option
@click.option(
    "--against",
    "against",
    multiple=True,
    metavar="WHAT=VALUE",
    help="Compare with these posts, less the ones above; conditions as for --of. Default: all others.",
)
@click.option(
    "--least",
    type=_at_least_1,
    default=5,
    show_default=True,
    help="Leave out words that stand less often in both together.",
)
@_top
@_csv
def words_keyness(
    data_dir: Path | None,
    conditions: tuple[str, ...],
    against: tuple[str, ...],
    least: int,
    top: int,
    target: Path | None,
) -> None:
    """Words that one set of posts uses more, or less, than another, the surest difference first.

    g2 says how sure a difference is, log ratio how large: 1 is twice as frequent in the posts of --of, -1 half.
    """
    from orchestration.text.corpus import Selection, keyness, opened

    if not conditions:
        raise SuaraError(
            "words keyness: expected posts to set beside the others; found no --of. Name them, such as --of year=2020."
        )
    with opened(_paths_for_words(data_dir, target)) as connection:
        found = keyness(
            connection,
            Selection.parse(conditions),
            Selection.parse(against) if against else None,
            least_count=least,
        )
    _show_words(found, top, target, "words")


def _paths_for_words(data_dir: Path | None, target: Path | None) -> DataDir:
    """The data folder, once it is sure that the file named with --csv may be written."""
    paths = use_data_dir(data_dir)
    if target:
        may_export_to(paths, target)
    return paths


def _show_words(found: Sequence[Any], top: int, target: Path | None, what: str) -> None:
    from orchestration.text.corpus import lines, write_csv

    click.echo("\n".join(lines(found[:top])) or f"No {what}.")
    if len(found) > top:
        click.echo(f"{len(found) - top:,} more {what}: --top, or --csv for all.")
    if target:
        write_csv(found, target)
        click.echo(f"All rows: {target}")


@main.group()
def indicators() -> None:
    """Published figures about trafficking in persons, from the files of their reporters."""


@indicators.command("add")
@_data_dir
@click.option("--geo", "places", multiple=True, default=("IDN",), show_default=True, help="Place, ISO 3166-1 alpha-3.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def indicators_add(data_dir: Path | None, places: tuple[str, ...], file: Path) -> None:
    """Read the figures of FILE: UNODC GLOTIP (xlsx, csv), CTDC (csv), tier placements (csv).

    They are kept in data/indicators; the next run puts them beside the governed series, in marts.fct_indicators, and
    what is wrong with them into quality.fct_indicator_problems. The same file again takes the place of itself.
    """
    from orchestration.indicators import IndicatorStore, read_indicators

    reading = read_indicators(file, places)
    if not reading.figures:
        raise SuaraError(
            f"{file.name}: expected figures of {', '.join(places)}; found none in {reading.row_count:,} rows. "
            "Name other places with --geo."
        )
    IndicatorStore(use_data_dir(data_dir)).add(file, reading)
    click.echo(
        f"{file.name}: {reading.kind}. {reading.row_count:,} rows, {len(reading.figures):,} figures of "
        f"{', '.join(places)}; {reading.other_place_count:,} rows of other places, "
        f"{reading.without_figure_count:,} without a figure."
    )
    click.echo("The next `suara run` takes them in.")


@main.group()
def export() -> None:
    """Hand out what was published to other programs."""


@export.command("network")
@_data_dir
@click.option(
    "--kind",
    type=click.Choice(["mention", "reply", "repost", "quote", "hashtag"]),
    required=True,
    help="Which network: accounts by one kind of interaction, or hashtags that stand together.",
)
@click.option("--year", type=int, help="One year, with its measures. Default: all years, without measures.")
@click.option("--format", "form", type=click.Choice(["gexf", "graphml"]), required=True, help="Format of FILE.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_network(data_dir: Path | None, kind: str, year: int | None, form: str, file: Path) -> None:
    """Write a network of the published file to FILE, for Gephi and others.

    Registered accounts stand by name, everybody else is a number. The same release gives the same bytes.
    """
    from orchestration.networks.files import STAR, read_network, write_network

    paths = use_data_dir(data_dir)
    network = read_network(paths.published_file, kind, year)
    write_network(network, may_export_to(paths, file), form)
    click.echo(f"{network.title}: {len(network.nodes):,} nodes, {len(network.edges):,} edges. Written to {file}.")
    if network.hub_share > STAR:
        click.echo(f"A star: one node touches {network.hub_share:.0%} of the edges. Its centralities mean nothing.")


@export.command("figures")
@_data_dir
@click.option("--language", type=click.Choice(["en", "id"]), default="en", help="English, or Indonesian.")
@click.argument("folder", type=click.Path(path_type=Path))
def export_figures(data_dir: Path | None, language: str, folder: Path) -> None:
    """Write every picture of the study report into FOLDER: PNG, SVG, its rows as CSV, and the SQL that gives them.

    The words of a picture are in one language. The same release gives the same bytes.
    """
    from orchestration.publishing.figure_pack import write_figures

    paths = use_data_dir(data_dir)
    files = write_figures(paths.published_file, may_export_to(paths, folder), language)
    click.echo(f"{sum(file.suffix == '.png' for file in files):,} figures. Written to {folder}, listed in {files[-1]}.")


def _decide(data_dir: Path | None, name: str, status: str, why: str) -> None:
    from orchestration.warehouse.candidate import WarehouseStore

    paths = use_data_dir(data_dir)
    ledger = Ledger(paths)
    # a run writes the entries that it loads: a decision in between would be lost
    with WarehouseStore(paths).held(lambda text: click.echo(text, err=True)):
        entry = ledger.capture(name)
        ledger.decide(entry, status, why, DECIDED_BY_USER)
    click.echo(f"{entry.file_name} ({entry.capture_id[:12]}) is {status}. `suara run` brings it into effect.")


def _summary(paths: DataDir, run_id: str | None) -> str:
    from orchestration.publishing.summary import summarise

    ledger = Ledger(paths)
    outcomes = ledger.outcomes(run_id) if run_id else []
    return summarise(paths, outcomes=outcomes, captures=ledger.captures(), release=ledger.latest_release())


def _check_source(name: str) -> None:
    """Here, not when the files are looked at: by then a misspelt name has put them into quarantine."""
    from orchestration.connectors import CONNECTORS

    known = [connector.source for connector in CONNECTORS]
    if name not in known:
        raise SuaraError(
            f"--source {name}: expected one of {', '.join(known)}; found no such source. "
            "Name one of these, or none: the source is then detected."
        )


def _check_study(name: str) -> None:
    import csv

    path = PROJECT_ROOT / "dbt_project" / "seeds" / "studies" / "studies.csv"
    with open(path, encoding="utf-8", newline="") as handle:
        known = [row["study"] for row in csv.DictReader(handle)]
    if name not in known:
        raise SuaraError(
            f"--study {name}: expected one of {', '.join(known)}; found no such study. Add a row to {path.name} first."
        )


def _generate_demo(paths: DataDir) -> list[str]:
    from orchestration.demo import generate

    folder = paths.root / "demo"
    click.echo("Generating the demo captures: synthetic posts of an organisation that does not exist.")
    truth = generate(folder)
    return [str(folder / name) for name in truth.capture_names]


cli_readers.add_commands(main, export)
cli_data_protection.add_commands(main, export)
cli_privacy.add_commands(main)

if __name__ == "__main__":
    main()
