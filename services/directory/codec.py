"""Mappings between the records of a city and the messages of the service."""

from collections.abc import Iterable
from typing import Any

from backbone.directory.entries import message_of
from backbone.words.city import Grid
from liandong.directory.v1 import directory_service_pb2 as pb
from services.directory.flaws import Finding
from services.directory.loading import Loaded


def to_grid(grid: Grid) -> Any:
    """The message of a grid, without its shape: readers of lists do not need it."""
    return message_of(Grid(grid.code, grid.name))


def to_findings(findings: Iterable[Finding]) -> list[pb.Finding]:
    return [
        pb.Finding(
            severity=f"SEVERITY_{finding.severity}",
            reason=finding.reason,
            file=finding.spot.file,
            line=finding.spot.line,
            column=finding.spot.column,
            subject=finding.subject,
            detail=finding.detail,
        )
        for finding in findings
    ]


def to_load_response(loaded: Loaded) -> pb.LoadCityResponse:
    return pb.LoadCityResponse(
        version=loaded.version,
        pending=loaded.pending,
        changed=loaded.changed,
        removed=loaded.removed,
        counts=loaded.counts,
        warnings=to_findings(loaded.warnings),
    )
