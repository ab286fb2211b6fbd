"""Whether an incident speaks for a mission: its facts hold what its receipt has told. Pure.

Events of receipts and incidents come in any order. An incident that has not heard of the receipt
would tell the team that its danger is over, and a moment later that it is there; so would one that
the receipt has left, until the receipt has moved the mission.
"""

from collections.abc import Sequence

from backbone.words.heard_report import HeardReport
from services.emergency.mission.record import Mission


def speaks_for(mission: Mission, heard: Sequence[HeardReport]) -> bool:
    """Whether what the incident tells is for the mission, by what it has heard of its receipts.

    An incident of an older release says nothing of that; it is believed. A mission that is not
    behind was compared with its incident since it has come.
    """
    own = _own(mission, heard)
    if own is None:
        return not (heard and mission.is_behind)
    if not own.linked:
        return not mission.is_behind and not has_left(mission, heard)
    if not mission.is_behind:
        return True
    awaits = mission.awaits
    return own.link_version >= awaits.link_version and own.version >= awaits.version


def have_come(there: Sequence[HeardReport], here: Sequence[HeardReport]) -> bool:
    """Whether an incident has heard of all receipts of the one that was merged into it. With some
    of them alone it would tell that the danger of the others is over."""
    known = {each.receipt for each in here if each.linked}
    return all(each.receipt in known for each in there if each.linked)


def has_left(mission: Mission, heard: Sequence[HeardReport]) -> bool:
    """Whether the receipt has left the incident since it has brought the mission there. The receipt
    takes the mission along; until that, no end of this incident is its own."""
    own = _own(mission, heard)
    return own is not None and not own.linked and own.link_version > mission.heard.receipt


def _own(mission: Mission, heard: Sequence[HeardReport]) -> HeardReport | None:
    receipt = str(mission.receipt)
    return next((each for each in heard if each.receipt == receipt), None)
