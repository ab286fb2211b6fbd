"""Counts marks and urges in the metrics, as they are written."""

from backbone.door.batch import Batch
from backbone.postgres.pool import Connection
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from services.workflow.metrics import MARKS, URGES
from services.workflow.untold import note_untold

MARKED = "liandong.supervision.unit_marked.v1"
URGED = "liandong.incident.urged.v1"


async def ride(conn: Connection, batch: Batch) -> None:
    """Count what a batch writes, and note which supervisions have to hear of it."""
    count_accountability(batch)
    await note_untold(conn, batch)


def count_accountability(batch: Batch) -> None:
    """Count what a batch writes; one that has to be repeated is counted again."""
    for row in batch.journal_rows:
        if row.kind == MARKED:
            MARKS.labels(batch.changed[row.aggregate_id].level).inc()
        elif row.kind == URGED:
            URGES.labels(IncidentEvent.FromString(row.payload).urged.urger).inc()
