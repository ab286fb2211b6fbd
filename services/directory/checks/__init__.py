"""Checks a pack that could be read: errors and warnings about its content."""

from pathlib import Path

from services.directory.checks.flow import check_flow
from services.directory.checks.ground import check_ground
from services.directory.checks.ladder import check_ladder
from services.directory.checks.staff import check_staff
from services.directory.checks.terms import check_terms
from services.directory.checks.tree import check_tree
from services.directory.checks.wording import check_wording
from services.directory.flaws import Finding, PackUnreadable
from services.directory.pack import Pack, read_pack


def check(pack: Pack) -> list[Finding]:
    """Return every finding, errors first, then in the order of the files."""
    findings = [
        finding
        for part in (
            check_tree,
            check_ground,
            check_staff,
            check_wording,
            check_terms,
            check_flow,
            check_ladder,
        )
        for finding in part(pack)
    ]
    return sorted(findings, key=lambda each: (not each.is_error, each.spot.file, each.spot.line))


def examine(source: Path | bytes) -> tuple[Pack | None, list[Finding]]:
    """Read a folder or an archive and check it; None for the pack if it cannot be read."""
    try:
        pack = read_pack(source)
    except PackUnreadable as error:
        return None, error.flaws
    return pack, check(pack)
