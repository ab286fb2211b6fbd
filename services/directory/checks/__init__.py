"""What is wrong, or doubtful, in a pack that could be read: everything that would hurt later."""

from services.directory.checks.flow import check_flow
from services.directory.checks.ground import check_ground
from services.directory.checks.staff import check_staff
from services.directory.checks.tree import check_tree
from services.directory.checks.wording import check_wording
from services.directory.flaws import Finding
from services.directory.pack import Pack


def check(pack: Pack) -> list[Finding]:
    """Return every finding, errors first, then in the order of the files."""
    found = [
        finding
        for part in (check_tree, check_ground, check_staff, check_wording, check_flow)
        for finding in part(pack)
    ]
    return sorted(found, key=lambda each: (-each.severity, each.spot.file, each.spot.line))
