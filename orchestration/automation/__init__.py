"""When runs happen: the jobs, the daily schedules, the inbox sensor.

All automations ship switched off: a fresh checkout does nothing by itself. Switch them on in the UI.
"""

# No postponed annotations here: dagster reads the types of an asset's parameters when it is defined.

import hashlib
import time
from collections.abc import Iterator

import dagster as dg

from orchestration.assets.captures import inbox_files
from orchestration.assets.published import served_release_is_fresh
from orchestration.contract import DataDir

# A file that still grows is still being copied; 5 s is longer than any pause seen when copying on one machine.
SETTLED_SECONDS = 5

refresh = dg.define_asset_job(
    "refresh",
    # What is served is looked at between publishes; right after one it could only say yes.
    selection=dg.AssetSelection.all() - dg.AssetSelection.checks(served_release_is_fresh),
    description="Everything: take in the inbox, load, build, audit, publish.",
)

daily_refresh = dg.ScheduleDefinition(
    name="daily_refresh",
    job=refresh,
    cron_schedule="15 2 * * *",
    execution_timezone="Asia/Jakarta",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Rebuilds everything at 02:15 Jakarta time. Ships switched off.",
)

look = dg.define_asset_job(
    "look",
    selection=dg.AssetSelection.checks(served_release_is_fresh),
    description="Whether what readers get is fresh. Builds nothing.",
)

look_at_readers = dg.ScheduleDefinition(
    name="look_at_readers",
    job=look,
    cron_schedule="0 8 * * *",
    execution_timezone="Asia/Jakarta",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Looks at the served release at 08:00 Jakarta time. Ships switched off.",
)


@dg.sensor(
    job=refresh,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Starts a run when files lie in data/inbox and have stopped growing. Ships switched off.",
)
def inbox_sensor(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """One run per set of files; the run key is their names, sizes and times."""
    data_dir = DataDir.from_env()
    files = inbox_files(data_dir.inbox)
    if not files:
        yield dg.SkipReason(f"{data_dir.inbox} is empty")
        return
    parts = [p for f in files for p in ([f] if f.is_file() else sorted(f.rglob("*")))]
    if any(time.time() - part.stat().st_mtime < SETTLED_SECONDS for part in parts):
        yield dg.SkipReason("files are still arriving")
        return
    state = "".join(f"{p.name}\t{p.stat().st_size}\t{p.stat().st_mtime_ns}\n" for p in parts)
    yield dg.RunRequest(run_key=hashlib.sha256(state.encode()).hexdigest()[:16])
