"""What readers get, replaced as one set when the publish gate is open.

Belongs here: the publish step, who reads what it publishes, and the look at what is served in between.
Does not belong here: what is in a file (publishing).
"""

# No postponed annotations here: dagster reads the types of an asset's parameters when it is defined.

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from orchestration.assets.layers import STEPS, step_nodes
from orchestration.assets.raw import UNTOUCHED
from orchestration.checks import PUBLISHED_FILE, catalog_results, catalog_specs
from orchestration.contract import PUBLISHED_SCHEMAS, DataDir, quote
from orchestration.dbt_translator import OWNERS, SuaraTranslator
from orchestration.deletion import begun, gate
from orchestration.publishing import published_file as publishing
from orchestration.publishing import releases as kept_releases
from orchestration.publishing.descriptions import Descriptions
from orchestration.resources.dbt import Dbt
from orchestration.resources.manifest import manifest_path
from orchestration.resources.warehouse import Warehouse
from orchestration.warehouse import gates
from orchestration.warehouse.candidate import connect
from orchestration.warehouse.ledger import PUBLISHED, ROLLED_BACK, Ledger

PARQUET = dg.AssetKey(["published", "parquet"])
DICTIONARY = dg.AssetKey(["published", "data_dictionary"])
REPORT = dg.AssetKey(["published", "study_report"])
QUALITY = dg.AssetKey(["published", "data_quality"])
# Readers expect a publish a month; five days more for the month's export to arrive.
OLDEST_DAYS = 36
PUBLISHED_ASSETS = (PUBLISHED_FILE, PARQUET, DICTIONARY, REPORT, QUALITY)


def build_published(manifest: Mapping[str, Any], translator: SuaraTranslator) -> dg.AssetsDefinition:
    """The publish step's multi-asset, downstream of every table that readers get."""
    deps = [
        translator.get_asset_key(node)
        for step in STEPS
        for node in step_nodes(manifest, step).values()
        if node["schema"] in PUBLISHED_SCHEMAS
    ]

    def spec(key: dg.AssetKey, kinds: set[str], description: str, extra: list[dg.AssetKey]) -> dg.AssetSpec:
        return dg.AssetSpec(
            key,
            group_name="publish",
            kinds=kinds,
            owners=OWNERS,
            deps=[*deps, *extra],
            description=description,
            skippable=True,
        )

    specs = [
        spec(
            PUBLISHED_FILE,
            {"duckdb"},
            "The published file: schemas marts, reports, quality as tables with keys and comments. "
            "Open `data/published/social_bi.duckdb` read-only.",
            [],
        ),
        spec(PARQUET, {"parquet"}, "Each published table as Parquet, same names, same rows.", []),
        spec(DICTIONARY, {"html"}, "Each table and column in words: one HTML page, no external request.", []),
        spec(REPORT, {"html"}, "The study report: one HTML page, no external request.", []),
        spec(
            QUALITY,
            {"html"},
            "Each gate and check, its history and its reason: one HTML page, no external request.",
            [],
        ),
    ]
    fresh = dg.AssetCheckSpec(
        name=gates.FRESH,
        asset=PUBLISHED_FILE,
        description=gates.FRESH_TEXT,
        blocking=True,
        metadata={"gate": "publish", "severity": gates.CRITICAL, "dimension": "timeliness"},
    )
    forgotten = dg.AssetCheckSpec(
        name=gate.FORGOTTEN,
        asset=PUBLISHED_FILE,
        description=gate.FORGOTTEN_TEXT,
        blocking=True,
        metadata={"gate": "publish", "severity": gates.CRITICAL, "dimension": "integrity"},
    )
    carried_out = dg.AssetCheckSpec(
        name=begun.CARRIED_OUT,
        asset=PUBLISHED_FILE,
        description=begun.CARRIED_OUT_TEXT,
        metadata={"gate": "publish", "severity": gates.WARNING, "dimension": "integrity"},
    )
    checks = [fresh, forgotten, carried_out, *catalog_specs("publish")]

    @dg.multi_asset(name="publish", specs=specs, check_specs=checks, can_subset=False)
    def publish(
        context: dg.AssetExecutionContext, warehouse: Warehouse, dbt: Dbt
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        warehouse.hold(context)
        with warehouse.timed(context, "publish"):
            paths, ledger = warehouse.paths, warehouse.ledger
            connection = connect(paths.warehouse, scratch=paths.scratch, read_only=True)
            try:
                freshness = gates.freshness_outcome(connection, ledger)
            finally:
                connection.close()
            verdict = gates.verdict("publish", [freshness], ledger)
            if not freshness["passed"]:
                ledger.write_outcomes(context.run.run_id, "publish", verdict.outcomes)
                yield from catalog_results([fresh], verdict)
                raise dg.Failure(description=verdict.message(UNTOUCHED), allow_retries=False)
            context.log.info("publish: building the published file, Parquet, dictionary and report aside")
            candidate = publishing.build_candidate(
                paths.warehouse,
                paths.candidates / f"publish-{context.run.run_id[:8]}",
                run_id=context.run.run_id,
                descriptions=Descriptions.from_manifest(manifest_path(dbt.project)),
                study=warehouse.study,
            )
            audit = connect(candidate.file, scratch=paths.scratch, read_only=True)
            try:
                audit.execute(f"attach {quote(paths.warehouse)} as warehouse (read_only)")
                verdict = gates.evaluate(audit, "publish", ledger, [freshness])
            finally:
                audit.close()
            verdict.outcomes.append(gate.forgotten_outcome(paths, ledger, candidate.folder))
            verdict.outcomes.append(begun.told_outcome(paths))
            ledger.write_outcomes(context.run.run_id, "publish", verdict.outcomes)
            yield from catalog_results(checks, verdict)
            if verdict.failed_tables or verdict.failed_captures:
                warehouse.keep_as_evidence(candidate.folder)
                raise dg.Failure(description=verdict.message(UNTOUCHED), allow_retries=False)
            keep = ledger.settings().get("releases_kept", publishing.RELEASES_KEPT)
            folder = publishing.promote(candidate, paths.published, keep=keep)
            release = candidate.release
            ledger.write_release(
                PUBLISHED,
                folder.name,
                release_id=release.release_id,
                run_id=context.run.run_id,
                row_counts=release.row_counts,
            )
            begun.close(paths, release.release_id, context.log.info)
            for old in kept_releases.kept(paths.published):
                if not old.is_served and (named := kept_releases.no_longer_registered(old, paths.warehouse)):
                    kept_releases.remove(paths.published, old)
                    context.log.info(f"release {old.name} is removed: accounts it names and nobody registers: {named}")
            serving = f"release {release.short_id} of run {context.run.run_id}"
            context.log.info(f"serving {serving}")
            common: dict[str, Any] = {
                "serving": serving,
                "published at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            sizes = {
                PUBLISHED_FILE: paths.published_file,
                DICTIONARY: paths.published / publishing.DICTIONARY_NAME,
                REPORT: paths.published / publishing.REPORT_NAME,
                QUALITY: paths.published / publishing.QUALITY_NAME,
            }
            for asset in specs:
                metadata = dict(common)
                if path := sizes.get(asset.key):
                    metadata["path"] = dg.MetadataValue.path(str(path))
                    metadata["bytes"] = path.stat().st_size
                if asset.key == PUBLISHED_FILE:
                    metadata["rows"] = dg.MetadataValue.json(release.row_counts)
                yield dg.MaterializeResult(asset_key=asset.key, metadata=metadata)

    return publish


def readers(manifest: Mapping[str, Any]) -> list[dg.AssetSpec]:
    """Who reads what is published: dbt's exposures as external assets, each behind the thing that it opens."""
    published = {key.path[-1]: key for key in PUBLISHED_ASSETS}
    return [
        dg.AssetSpec(
            ["readers", exposure["name"]],
            group_name="readers",
            kinds={exposure["type"]},
            owners=OWNERS,
            deps=[published[exposure["config"]["meta"]["reads"]]],
            description=exposure["description"],
            metadata={"tables": ", ".join(sorted(node.split(".")[-1] for node in exposure["depends_on"]["nodes"]))},
        )
        for exposure in manifest["exposures"].values()
    ]


@dg.asset_check(
    asset=PUBLISHED_FILE,
    name="served_release_is_fresh",
    description=(
        "What readers get is what was published last, of the tables as they are now, and no older than "
        f"{OLDEST_DAYS} days. Warns, closes nothing; run it when you like, or switch on the schedule look_at_readers."
    ),
    metadata={"severity": gates.WARNING, "dimension": "timeliness"},
)
def served_release_is_fresh(warehouse: Warehouse) -> dg.AssetCheckResult:
    """The check between publishes: a rollback that was forgotten, a publish that never came."""
    problems, facts = staleness(warehouse.paths, warehouse.ledger, datetime.now(UTC))
    return dg.AssetCheckResult(
        passed=not problems,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(problems) or f"serving {facts['serving']}",
        metadata=facts,
    )


def staleness(paths: DataDir, ledger: Ledger, moment: datetime) -> tuple[list[str], dict[str, Any]]:
    """What is stale about the served release at a moment, in words, and what is served."""
    served = next((r for r in kept_releases.kept(paths.published) if r.is_served), None)
    latest = ledger.latest_release()
    if served is None or latest is None:
        return ["nothing was published yet: materialize everything"], {"serving": "nothing"}
    facts = {"serving": f"release {served.name} of run {latest['run_id']}", "since": latest["at"]}
    since = datetime.fromisoformat(latest["at"])
    problems = []
    if served.name != latest["folder"]:
        facts["serving"] = f"release {served.name}"
        problems.append(f"{served.name} is served, but {latest['folder']} was put in place last: publish again")
    if latest["what"] == ROLLED_BACK:
        problems.append(f"readers get {served.name} since somebody rolled back: set right what was wrong, then publish")
    elif paths.warehouse.exists() and datetime.fromtimestamp(paths.warehouse.stat().st_mtime, UTC) > since:
        problems.append("tables were built after it that readers do not have: see why the last run did not publish")
    if moment - since > timedelta(days=OLDEST_DAYS):
        problems.append(f"it is {(moment - since).days} days old, expected {OLDEST_DAYS} at most: load a newer export")
    return problems, facts
