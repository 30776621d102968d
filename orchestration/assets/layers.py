"""The dbt layers: staging, marts (with intermediate), quality (with reports), each a gated step.

Belongs here: building one step's models on a candidate, and reporting what happened in the right order.
Does not belong here: the models (dbt_project), what is checked (expectations), how it is shown (checks).
"""

# No postponed annotations here: dagster reads the types of an asset's parameters when it is defined.

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg

from orchestration.assets.raw import NOTHING_LEFT, UNTOUCHED, load
from orchestration.checks import catalog_results, catalog_specs, dbt_results, dbt_test_specs
from orchestration.coding.quality import COLUMNS, measure, quality_rows, verdicts
from orchestration.coding.store import CodingStore
from orchestration.contract import SuaraError
from orchestration.dbt_translator import SuaraTranslator
from orchestration.deletion import begun
from orchestration.privacy.key import key_of, read_key
from orchestration.publishing.small_pictures import picture
from orchestration.resources.columns import remember
from orchestration.resources.compiled import is_plain
from orchestration.resources.dbt import Dbt, failing_rows, selectors
from orchestration.resources.manifest import NodeResult
from orchestration.resources.warehouse import Warehouse
from orchestration.warehouse import bookkeeping, gates
from orchestration.warehouse.candidate import Candidate
from orchestration.warehouse.ledger import QUARANTINED


@dataclass(frozen=True)
class Step:
    """One gated dbt step.

    Attributes:
        layers: Folders of models it builds, in order; `seeds` for the seeds.
        gate: The expectations gate that judges it, or None when only dbt's own tests do.
        after: The step whose result it is built from.
    """

    name: str
    layers: tuple[str, ...]
    gate: str | None
    after: str


STEPS = (
    Step("staging", ("seeds", "staging"), "staging", "raw"),
    Step("marts", ("intermediate", "marts"), "marts", "staging"),
    Step("quality", ("quality", "reports"), None, "marts"),
)

# What the marts step writes between its models: what people's coding says of the rules.
FIGURES = "stg_suara__codebook_figures"


def step_nodes(manifest: Mapping[str, Any], step: Step) -> dict[str, Mapping[str, Any]]:
    """The models and seeds of a step by dbt's id, each after those it is made from (Dagster wants that order)."""
    nodes = {}
    for unique_id, node in manifest["nodes"].items():
        layer = "seeds" if node["resource_type"] == "seed" else node["fqn"][1]
        if node["resource_type"] in ("model", "seed") and layer in step.layers:
            nodes[unique_id] = node
    made_from = {i: [d for d in sorted(node["depends_on"].get("nodes", [])) if d in nodes] for i, node in nodes.items()}
    return {i: nodes[i] for i in TopologicalSorter(made_from).static_order()}


def build_step(step: Step, manifest: Mapping[str, Any], translator: SuaraTranslator) -> dg.AssetsDefinition:
    """The multi-asset of a step: every model an asset, every test and gate check an asset check."""
    nodes = step_nodes(manifest, step)
    specs = {
        unique_id: translator.get_asset_spec(manifest, unique_id, None).replace_attributes(
            kinds={"dbt", "duckdb"}, skippable=True
        )
        for unique_id in nodes
    }
    models = {node["name"]: specs[unique_id].key for unique_id, node in nodes.items()}
    test_specs = dbt_test_specs(manifest, nodes, translator)
    gate_specs = catalog_specs(step.gate, models) if step.gate else []

    @dg.multi_asset(
        name=step.name,
        specs=list(specs.values()),
        check_specs=[*test_specs.values(), *gate_specs],
        can_subset=True,
    )
    def layer(
        context: dg.AssetExecutionContext, warehouse: Warehouse, dbt: Dbt
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        warehouse.hold(context)
        keys, checks = context.selected_asset_keys, context.selected_asset_check_keys
        chosen = [unique_id for unique_id, spec in specs.items() if spec.key in keys]
        with warehouse.timed(context, step.name):
            attempt = _attempts(context, warehouse, dbt, step, test_specs, chosen)
            if step.name == "marts" and attempt.accepted and len(chosen) == len(nodes):
                # which posts captures tell as deleted, and which others hold them, is known from here on
                is_left = begun.carry_out_told(warehouse.paths, context.log.warning)
                if is_left is not None:
                    attempt = _anew(context, warehouse, dbt, translator, is_left)
            tests = {i: spec for i, spec in test_specs.items() if spec.key in checks}
            yield from dbt_results(tests, attempt.test_outcomes, attempt.verdict)
            shown = [spec for spec in gate_specs if spec.key in checks]
            yield from catalog_results(shown, attempt.with_quarantined())
            if not attempt.accepted:
                raise dg.Failure(description=attempt.verdict.message(UNTOUCHED), allow_retries=False)
            for unique_id in chosen:
                yield dg.MaterializeResult(asset_key=specs[unique_id].key, metadata=attempt.metadata(unique_id))

    return layer


def _attempts(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    dbt: Dbt,
    step: Step,
    test_specs: Mapping[str, dg.AssetCheckSpec],
    chosen: list[str],
    earlier: Sequence[dict[str, Any]] = (),
) -> "_Attempt":
    """Build a step, and once more without each capture that failed: what is left may still be new to the readers."""
    attempt = _build(context, warehouse, dbt, step, test_specs, chosen, earlier)
    attempt.quarantined = [*earlier, *attempt.quarantined]
    while attempt.retry:
        context.log.warning(attempt.verdict.message("The captures named here are quarantined; the others go on."))
        again = _build(context, warehouse, dbt, step, test_specs, chosen, attempt.quarantined)
        again.quarantined = [*attempt.quarantined, *again.quarantined]
        attempt = again
    return attempt


def _anew(
    context: dg.AssetExecutionContext, warehouse: Warehouse, dbt: Dbt, translator: SuaraTranslator, is_left: bool
) -> "_Attempt":
    """Load the captures that a deletion changed, and build every step up to the marts from them.

    Raises:
        dg.Failure: Nothing is left, or a gate before the marts is closed. The next run goes on with the deletion.
    """
    if not is_left:
        begun.give_up(warehouse.paths)
        raise dg.Failure(description=NOTHING_LEFT.format(receipts=warehouse.paths.receipts), allow_retries=False)
    # what was found wrong with captures that were put aside before stays on record
    aside = {entry.capture_id for entry in warehouse.ledger.captures() if entry.status == QUARANTINED}
    said = [o for o in warehouse.ledger.outcomes(context.run.run_id) if o["capture_id"] in aside and not o["passed"]]
    loaded = load(context, warehouse, [o for o in said if o["gate"] == "raw"])
    if not loaded.is_open:
        raise loaded.failure()
    manifest = dbt.manifest_json()
    for step in STEPS[: [one.name for one in STEPS].index("marts") + 1]:
        nodes = list(step_nodes(manifest, step))
        earlier = [o for o in said if o["gate"] == step.gate]
        tests = dbt_test_specs(manifest, nodes, translator)
        attempt = _attempts(context, warehouse, dbt, step, tests, nodes, earlier)
        if not attempt.accepted and step.name != "marts":
            raise dg.Failure(description=attempt.verdict.message(UNTOUCHED), allow_retries=False)
    return attempt


@dataclass
class _Attempt:
    verdict: gates.Verdict
    results: list[NodeResult]
    test_outcomes: dict[str, dict[str, Any]]
    accepted: bool
    retry: bool
    quarantined: list[dict[str, Any]]
    row_counts: dict[str, int]
    pictures: dict[str, str]

    def with_quarantined(self) -> gates.Verdict:
        """The verdict as shown: with the failures of captures that an earlier attempt put aside."""
        shown = [*self.verdict.outcomes]
        for outcome in self.quarantined:
            if outcome not in shown:
                shown.append(outcome)
        return gates.Verdict(self.verdict.gate, shown, self.verdict.user_accepted, self.verdict.file_names)

    def metadata(self, unique_id: str) -> dict[str, Any]:
        result = next((r for r in self.results if r.unique_id == unique_id), None)
        metadata: dict[str, Any] = {}
        if unique_id in self.pictures:
            metadata["picture"] = dg.MetadataValue.md(self.pictures[unique_id])
        if result:
            metadata["seconds"] = round(result.seconds, 3)
        if unique_id in self.row_counts:
            metadata["dagster/row_count"] = self.row_counts[unique_id]
        return metadata


def _build(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    dbt: Dbt,
    step: Step,
    test_specs: Mapping[str, dg.AssetCheckSpec],
    chosen: list[str],
    earlier: Sequence[dict[str, Any]] = (),
) -> _Attempt:
    ledger = warehouse.ledger
    manifest = dbt.manifest_json()
    nodes = {i: node for i, node in step_nodes(manifest, step).items() if i in chosen}
    whole = len(chosen) == len(step_nodes(manifest, step))
    # A test belongs to the model it is attached to, and runs when that model is built.
    expected = [i for i in test_specs if _owner(manifest["nodes"][i]) in nodes]
    with warehouse.candidate(context, step.name) as candidate:
        with candidate.connect() as connection:
            bookkeeping.create_raw_schema(connection)
            bookkeeping.sync(connection, ledger)
            accepted = bookkeeping.accepted_captures(connection)
            upstream = bookkeeping.step_record(connection, step.after)
            before = bookkeeping.step_record(connection, step.name)
            idle = _tests_of_idle_sources(manifest, expected, bookkeeping.accepted_sources(connection))
        if upstream is None:
            raise SuaraError(f"Step '{step.name}' needs '{step.after}' first: materialize it, or everything.")
        first: dict[str, dict[str, str]] = {}
        if step.name == "quality":
            first = _measure_claims(candidate, warehouse)
        context.log.info(f"{step.name}: building {len(nodes)} tables and views for study '{warehouse.study}'")
        target = warehouse.paths.root / "dbt_target"
        key = key_of(warehouse.paths)
        # No table waits for them, so that they may come last.
        views = _last_views(manifest, nodes)
        results = dbt.build(
            candidate.path,
            selectors(manifest, [unique_id for unique_id in nodes if unique_id not in views]),
            study=warehouse.study,
            target=target,
            key=key,
            log=lambda done, last: context.log.info(f"{step.name}: {done:,} of {len(nodes):,} tables, {last}"),
        )
        wrong = {r.unique_id for r in results if _is_broken(r)}
        if views:
            with candidate.connect() as connection:
                results += dbt.create(connection, views, study=warehouse.study, target=target, broken=wrong)
        is_built = whole and not any(_is_broken(r) for r in results)
        if step.name == "marts" and is_built and _measure_codebook(candidate, warehouse):
            # What people coded says something else of the rules than it did: the tables that show it, again.
            shown = _readers_of(FIGURES, manifest, nodes)
            newer = dbt.build(candidate.path, selectors(manifest, shown), study=warehouse.study, target=target, key=key)
            results = [*(r for r in results if r.unique_id not in shown), *newer]
        wrong = {r.unique_id for r in results if _is_broken(r)}
        with candidate.connect() as connection:
            read_key(key).give_to(connection)
            spoken = [unique_id for unique_id in expected if unique_id not in idle]
            tested = dbt.test(connection, spoken, study=warehouse.study, target=target, broken=wrong)
            test_outcomes = {r.unique_id: _test_outcome(connection, step, manifest, r) for r in tested}
            test_outcomes |= {unique_id: _idle_outcome(step, manifest, unique_id) for unique_id in idle}
            broken = [_model_outcome(step, manifest, r) for r in results if _is_broken(r)]
            unspoken = [
                _unspoken(step, manifest, unique_id) for unique_id in expected if unique_id not in test_outcomes
            ]
            extra = [*broken, *test_outcomes.values(), *unspoken]
            if step.gate and not broken:
                verdict = gates.evaluate(connection, step.gate, ledger, extra)
            else:
                verdict = gates.verdict(step.gate or step.name, extra, ledger)
            # what an earlier attempt of this run found wrong stays on record
            ledger.write_outcomes(context.run.run_id, step.gate or step.name, [*verdict.outcomes, *earlier])
            failed = verdict.failed_captures
            is_open = not failed and not verdict.failed_tables
            retry = False
            if failed:
                gates.quarantine(ledger, verdict)
                ledger.keep_last_good_map()
                ledger.keep_synthetic_apart()
                rest = set(accepted) - set(failed)
                served = set(before.captures) if before else set()
                retry = not verdict.failed_tables and bool(rest) and rest != served
            counts = _row_counts(connection, nodes) if is_open else {}
            pictures = _pictures(connection, nodes, context.log.warning) if is_open else {}
            if is_open:
                compiled = {r.unique_id: r.compiled_code for r in results}
                remember(connection, manifest, nodes, compiled, dbt.columns_file)
            if is_open and whole:
                # A part of the step leaves the record as it was: if the step before it has moved on since,
                # the publish step will say that this one is older.
                record = bookkeeping.StepRecord(
                    step.name, uuid.uuid4().hex, upstream.evaluation_id, context.run.run_id, accepted
                )
                bookkeeping.record_step(connection, record)
        if is_open:
            candidate.accept()
            for claims_id, readings in first.items():
                ledger.keep_first_claims(claims_id, readings)
    quarantined = [o for rows in failed.values() for o in rows]
    return _Attempt(verdict, results, test_outcomes, is_open, retry, quarantined, counts, pictures)


def _last_views(manifest: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Those of the nodes that are plain views and that only such views read, each after those that it reads."""
    last: list[str] = []
    is_read: set[str] = set()
    for unique_id in reversed([*nodes]):  # each before those that it is made from
        if unique_id not in is_read and is_plain(manifest, unique_id):
            last.append(unique_id)
        else:
            is_read.update(nodes[unique_id]["depends_on"].get("nodes", []))
    return last[::-1]


def _measure_codebook(candidate: Candidate, warehouse: Warehouse) -> bool:
    """Set what people coded beside the rules of this candidate, whose marts are there.

    Returns:
        Whether the figures say of a theme's rules something that the figures before did not.
    """
    store = CodingStore(warehouse.paths)
    with candidate.connect() as connection:
        before = connection.execute("from raw.codebook_figures").fetchall()
        rows = quality_rows(measure(connection, store.manifests(), store.codes()))
        bookkeeping.replace_codebook_figures(connection, COLUMNS, rows)
    return verdicts(before) != verdicts(rows)


def _readers_of(model: str, manifest: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Those of the nodes that are made from a model, directly or through another of them."""
    found: set[str] = set()
    for unique_id, node in nodes.items():  # each after those it is made from
        made_from = node["depends_on"].get("nodes", [])
        if any(parent in found or parent.split(".")[-1] == model for parent in made_from):
            found.add(unique_id)
    return [unique_id for unique_id in nodes if unique_id in found]


def _measure_claims(candidate: Candidate, warehouse: Warehouse) -> dict[str, dict[str, dict[str, str]]]:
    """Compute the claims of the study from the marts of this candidate; the report on them comes next.

    Returns:
        By id of the claims: the primary readings that have a result now, to be kept when the candidate is accepted.
    """
    with candidate.connect() as connection:
        study = connection.execute(
            "select claims_id, platform, focal_handle from intermediate.int_studies__selected "
            "where claims_id is not null and focal_handle is not null"
        ).fetchall()
        if not study:
            bookkeeping.replace_claim_results(connection, [])
            return {}
        # numpy and the estimators only where there is something to compute
        from orchestration.analysis.claims import First, has_result, measure, primaries
        from orchestration.analysis.statements import read_study_claims

        claims_id, platform, handle = study[0]
        claims = read_study_claims(claims_id)
        kept = {
            claim: First(reading["spec_id"], reading["sha256"])
            for claim, reading in warehouse.ledger.first_claims(claims.id).items()
        }
        rows = measure(connection, claims, study=warehouse.study, platform=platform, handle=handle, first=kept)
        bookkeeping.replace_claim_results(connection, rows)
    return {
        claims.id: {
            claim: {"spec_id": reading.spec_id, "sha256": reading.sha256}
            for claim, reading in primaries(claims).items()
            if has_result(rows, claim)
        }
    }


def _tests_of_idle_sources(manifest: Mapping[str, Any], tests: Sequence[str], sources: set[str]) -> list[str]:
    """Those tests whose staged source has no accepted capture: its views are empty, so no row can fail.

    A run has few of the 22 sources, and each test costs dbt 35 to 60 ms on an empty view (2026-11-26).
    """
    idle = []
    for unique_id in tests:
        owner = manifest["nodes"].get(_owner(manifest["nodes"][unique_id]) or "")
        if owner and owner["resource_type"] == "model" and owner["fqn"][1] == "staging":
            family = owner["fqn"][2]
            if family != "suara" and family not in sources:
                idle.append(unique_id)
    return idle


def _owner(test: Mapping[str, Any]) -> str | None:
    """The model that a dbt test is attached to."""
    return test.get("attached_node") or next(iter(test["depends_on"]["nodes"]), None)


def _is_broken(result: NodeResult) -> bool:
    return result.status not in ("success", "pass", "warn", "no-op")


def _row_counts(connection: Any, nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    counts = {}
    for unique_id, node in nodes.items():
        if node["resource_type"] == "model" and node["config"]["materialized"] == "view":
            continue
        rows = connection.execute(f'select count(*) from "{node["schema"]}"."{node["name"]}"').fetchall()
        counts[unique_id] = rows[0][0]
    return counts


def _pictures(connection: Any, nodes: Mapping[str, Mapping[str, Any]], warn: Callable[[str], None]) -> dict[str, str]:
    found = {}
    for unique_id, node in nodes.items():
        try:
            shown = picture(connection, node["name"])
        except Exception as error:  # a picture is a service: the table is as good without it
            warn(f"{node['name']}: no picture ({error})")
            continue
        if shown:
            found[unique_id] = shown
    return found


def _outcome(step: Step, **columns: Any) -> dict[str, Any]:
    return {
        "gate": step.gate or step.name,
        "capture_id": None,
        "failing_sample": "[]",
        "failing_count": 0,
        **columns,
    }


def _outcome_of_test(step: Step, node: Mapping[str, Any], **columns: Any) -> dict[str, Any]:
    """An outcome of a dbt test, under its name, on its model."""
    return _outcome(
        step,
        check_name=node["name"],
        asset=(_owner(node) or "").split(".")[-1],
        severity=gates.CRITICAL if node["config"]["severity"].lower() == "error" else gates.WARNING,
        **columns,
    )


def _test_outcome(connection: Any, step: Step, manifest: Mapping[str, Any], result: NodeResult) -> dict[str, Any]:
    node = manifest["nodes"][result.unique_id]
    passed = result.status == "pass"
    sample = [] if passed else failing_rows(connection, result)
    observed = "no failing row" if passed else f"{result.failures:,} failing rows"
    if result.status in ("error", "skipped"):
        observed = f"the test did not run ({result.status}): {result.message or 'its model failed'}"
    return _outcome_of_test(
        step,
        node,
        dimension="integrity",
        passed=passed,
        observed=observed,
        expected="no failing row",
        failing_count=0 if passed else max(result.failures, 1),
        failing_sample=json.dumps(sample, ensure_ascii=False),
        why=node.get("description") or f"dbt test {node['name']}",
        next_step=f"Look at {node['original_file_path']} and at the rejected candidate's rows.",
    )


def _idle_outcome(step: Step, manifest: Mapping[str, Any], unique_id: str) -> dict[str, Any]:
    node = manifest["nodes"][unique_id]
    return _outcome_of_test(
        step,
        node,
        dimension="integrity",
        passed=True,
        observed="no accepted capture of this source, so no row",
        expected="no failing row",
        why=node.get("description") or f"dbt test {node['name']}",
        next_step="Nothing to do.",
    )


def _model_outcome(step: Step, manifest: Mapping[str, Any], result: NodeResult) -> dict[str, Any]:
    node = manifest["nodes"][result.unique_id]
    return _outcome(
        step,
        check_name="model_builds",
        asset=node["name"],
        severity=gates.CRITICAL,
        dimension="validity",
        passed=False,
        observed=f"{result.status}: {(result.message or 'a model before it failed').strip()[:600]}",
        expected="the model builds and its constraints hold",
        failing_count=1,
        why="A model that does not build, or whose contract or constraint is broken, replaces nothing.",
        next_step=f"Look at {node['original_file_path']}.",
    )


def _unspoken(step: Step, manifest: Mapping[str, Any], unique_id: str) -> dict[str, Any]:
    node = manifest["nodes"][unique_id]
    return _outcome_of_test(
        step,
        node,
        dimension="completeness",
        passed=False,
        observed="no result",
        expected="a result",
        failing_count=1,
        why="A test that did not run says nothing about the data.",
        next_step="Read the step's log: dbt skipped this test.",
    )


def build_steps(manifest: Mapping[str, Any], translator: SuaraTranslator) -> list[dg.AssetsDefinition]:
    """Every dbt step, in the order in which data passes them."""
    return [build_step(step, manifest, translator) for step in STEPS]
