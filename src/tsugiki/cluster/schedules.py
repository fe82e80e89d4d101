"""Schedules as the cluster keeps them, read off CronWorkflow objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tsugiki.cluster.client import Cluster
from tsugiki.cluster.runs import selector
from tsugiki.cluster.view import Object
from tsugiki.cron import Times

NEVER = "never"
SUSPENDED = "suspended"


@dataclass(frozen=True)
class Scheduled:
    """A CronWorkflow object."""

    schedule: Object

    @property
    def name(self) -> str:
        """The name of the CronWorkflow."""
        return str(self.schedule["metadata"]["name"])

    @property
    def cron(self) -> tuple[str, ...]:
        """Its times, as they were given."""
        return tuple(self.schedule["spec"].get("schedules", ()))

    @property
    def last(self) -> str:
        """When its last run was due (RFC 3339, UTC); empty before the first."""
        return str(self.schedule.get("status", {}).get("lastScheduledTime") or "")

    @property
    def message(self) -> str:
        """What keeps it from starting runs, as the controller says it."""
        conditions = self.schedule.get("status", {}).get("conditions") or ()
        return "; ".join(str(item.get("message", "")) for item in conditions if item.get("status") == "True")

    def next(self, now: datetime) -> str:
        """When its next run is due, in its own time zone; `suspended`; `never` where Argo cannot read its times."""
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        if self.schedule["spec"].get("suspend"):
            return SUSPENDED
        zone = self.schedule["spec"].get("timezone") or "UTC"
        try:
            found = min(Times.read(times).after(now, ZoneInfo(zone)) for times in self.cron)
        except (ValueError, ZoneInfoNotFoundError):
            return NEVER
        return f"{found:%Y-%m-%d %H:%M} {zone}"


def schedules(cluster: Cluster, workflow: str = "", recipe: str = "") -> list[Scheduled]:
    """The schedules of a namespace, by name; those of a workflow or a recipe only, where one is given."""
    found = [Scheduled(item) for item in cluster.list("CronWorkflow", selector(workflow, recipe))]
    return sorted(found, key=lambda schedule: schedule.name)
