"""How the gates' outcomes show in Dagster.

Belongs here: asset check specs made from the expectations catalog and from dbt's tests, and their results.
Does not belong here: what is checked (expectations, dbt), and what a failure leads to (warehouse/gates.py).

The checks report a decision that was already taken on the candidate. They are `blocking` where a failure
stops the step, so that the UI says the same thing as the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from expectations.catalog import CATALOG
from orchestration.dbt_translator import RAW_BOOKKEEPING, SuaraTranslator
from orchestration.warehouse.gates import CRITICAL, Verdict

PUBLISHED_FILE = dg.AssetKey(["published", "social_bi"])
STAGED_CAPTURES = "stg_suara__captures"
# Failures that a check tells at once; the metadata hold twenty.
_TOLD = 3
READABLE = "capture_is_readable"
READABLE_TEXT = (
    "Every delivered file could be read: not empty, not cut, of a known format, safe to unpack. "
    "A file that cannot be read is quarantined; the others go on."
)


def _asset_key(check: Any, models: Mapping[str, dg.AssetKey]) -> dg.AssetKey:
    """The asset on which a check of the catalog shows.

    A check that judges captures shows once, where the captures are listed, not once per source family: with twenty
    families that would be some 400 checks, most of which say that there is no such capture.
    """
    if check.gate == "publish":
        return PUBLISHED_FILE
    if check.gate == "raw":
        return RAW_BOOKKEEPING
    name = STAGED_CAPTURES if check.grain == "capture" else check.asset.split(".")[-1]
    if name not in models:
        raise KeyError(f"check {check.name} speaks of {check.asset}, which is no dbt model")
    return models[name]


def catalog_specs(gate: str, models: Mapping[str, dg.AssetKey] | None = None) -> list[dg.AssetCheckSpec]:
    """Asset checks for every check of a gate in the catalog."""
    return [
        dg.AssetCheckSpec(
            name=check.name,
            asset=_asset_key(check, models or {}),
            description=f"{check.why} If it fails: {check.next_step}",
            blocking=check.grain != "capture" and check.severity == CRITICAL,
            metadata={"gate": gate, "severity": check.severity, "dimension": check.dimension},
        )
        for check in CATALOG
        if check.gate == gate
    ]


def readable_spec(key: dg.AssetKey) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name=READABLE, asset=key, description=READABLE_TEXT)


def dbt_test_specs(
    manifest: Mapping[str, Any], unique_ids: Iterable[str], translator: SuaraTranslator
) -> dict[str, dg.AssetCheckSpec]:
    """Asset checks for the data tests attached to some models, by dbt's id of the test."""
    from dagster_dbt.asset_utils import get_asset_check_key_for_test

    wanted = set(unique_ids)
    specs = {}
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] != "test":
            continue
        key = get_asset_check_key_for_test(manifest, translator, unique_id, None)
        owner = node.get("attached_node") or next(iter(node["depends_on"]["nodes"]), None)
        if key is None or owner not in wanted:
            continue
        severity = node["config"]["severity"].lower()
        specs[unique_id] = dg.AssetCheckSpec(
            name=key.name,
            asset=key.asset_key,
            description=node.get("description") or f"dbt test {node['name']}",
            blocking=severity == "error",
            metadata={"severity": CRITICAL if severity == "error" else "warning", "dbt_test": unique_id},
        )
    return specs


def _result(spec: dg.AssetCheckSpec, outcomes: Sequence[dict[str, Any]], verdict: Verdict) -> dg.AssetCheckResult:
    failed = [outcome for outcome in outcomes if not outcome["passed"]]
    critical = any(outcome["severity"] == CRITICAL for outcome in failed)
    metadata: dict[str, Any] = {"gate": verdict.gate, "evaluated": len(outcomes), "failed": len(failed)}
    if failed:
        metadata["what failed"] = dg.MetadataValue.md(
            "\n".join(f"- {verdict.describe(outcome)}" for outcome in failed[:20])
        )
        metadata["records"] = dg.MetadataValue.json(
            [
                {
                    "capture": o.get("capture_id"),
                    "asset": o["asset"],
                    "records": json.loads(o["failing_sample"] or "[]"),
                }
                for o in failed[:20]
            ]
        )
    return dg.AssetCheckResult(
        asset_key=spec.asset_key,
        check_name=spec.name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if critical or not failed else dg.AssetCheckSeverity.WARN,
        # what is told here stands in the UI as it is; metadata of a check stands behind a button
        description="\n\n".join(verdict.describe(outcome) for outcome in failed[:_TOLD]) or None,
        metadata=metadata,
    )


def catalog_results(specs: Iterable[dg.AssetCheckSpec], verdict: Verdict) -> list[dg.AssetCheckResult]:
    """One result per check.

    A check that should have spoken and did not is a failed check: silence never opens a gate.
    """
    results = []
    for spec in specs:
        said = [o for o in verdict.outcomes if o["check_name"] == spec.name]
        results.append(_result(spec, said or [silent_outcome(verdict.gate, spec)], verdict))
    return results


def silent_outcome(gate: str, spec: dg.AssetCheckSpec) -> dict[str, Any]:
    """The outcome of a check that said nothing."""
    return {
        "gate": gate,
        "check_name": spec.name,
        "asset": spec.asset_key.to_user_string(),
        "capture_id": None,
        "severity": (spec.metadata or {}).get("severity", CRITICAL),
        "dimension": (spec.metadata or {}).get("dimension", "completeness"),
        "passed": False,
        "observed": "no result",
        "expected": "a result",
        "failing_count": 1,
        "failing_sample": "[]",
        "why": "A check without a result says nothing about the data.",
        "next_step": "Read the step's log: the check itself could not run.",
    }


def dbt_results(
    specs: Mapping[str, dg.AssetCheckSpec], outcomes: Mapping[str, dict[str, Any]], verdict: Verdict
) -> list[dg.AssetCheckResult]:
    """One result per dbt test; a test that dbt did not run (its model failed before it) has failed."""
    return [
        _result(spec, [outcomes.get(unique_id) or silent_outcome(verdict.gate, spec)], verdict)
        for unique_id, spec in specs.items()
    ]
