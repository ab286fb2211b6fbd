"""The figures of the flow and the routing table that a city configures. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from backbone.words.areas import Level

# For packs that do not say: the time to answer a supervision, by its level.
SUPERVISION_ANSWER = {
    "GENERAL": "5 WORKING_DAYS",
    "KEY": "3 WORKING_DAYS",
    "LISTED": "1 WORKING_DAYS",
}
# The minutes between two urges of one matter, by the kind of the urger.
URGE_PAUSE_MINUTES = {"SUPERVISOR": 30, "DESK": 30, "CITIZEN": 1440}


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the routing table; an empty condition always holds.

    With `linkage` teams are recommended to the desk that opens such a matter; with `send` the
    first of them is ordered at once.
    """

    code: str
    title: str
    target: str  # COMPETENT, UNIT_KIND, UNIT, TRIAGE or NEXT
    categories: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    unit_kind: str = ""
    level: Level = Level.UNSPECIFIED
    unit: str = ""
    linkage: bool = False
    send: bool = False

    def holds(self, category: str, priority: str, source: str) -> bool:
        """Whether the conditions hold for a matter; an empty one always does."""
        by_category = not self.categories or any(
            f"{category}.".startswith(f"{each}.") for each in self.categories
        )
        by_priority = not self.priorities or priority in self.priorities
        return by_category and by_priority and (not self.sources or source in self.sources)


# The minutes of a pack without these tables. A key is a priority, a source, or
# `<source>.<priority>`; of several that fit, the last kind goes first, then the source.
ARRIVAL_MINUTES: Mapping[str, int] = {"ALARM.P1": 15, "ALARM.P2": 30}
FEEDBACK_MINUTES: Mapping[str, int] = {
    "P1": 120,
    "P2": 480,
    "P3": 4_320,
    "P4": 7_200,
    "DISPUTE": 43_200,
    "PETITION": 86_400,
}
# After these minutes a matter that asks for teams and has none stands in the inbox of its desk.
TEAM_MINUTES: Mapping[str, int] = {"P1": 3}
# They answer a supervision for all that their unit owes, not only for what they hold.
SUPERVISION_ANSWERERS = ("centre_director", "dispatcher", "duty_officer", "head", "leader")
# They make the call-backs of disputes, beside those who make all call-backs.
DISPUTE_CALL_BACK = ("centre_director",)
# A team that is under way to a matter which begins to accuse its unit is called back at once, or it
# stays until the desk has decided.
RECALL, DESK_DECIDES = "RECALL", "DESK_DECIDES"
# Five days.
PARTNER_ANSWER_MINUTES = 7200

# The years for which the data of a person in care are kept after the end of the care, by programme;
# before that the person cannot be forgotten.
CARE_RETENTION_YEARS: Mapping[str, int] = {
    "COMMUNITY_CORRECTION": 10,
    "POST_RELEASE_SUPPORT": 5,
    "DRUG_REHABILITATION": 5,
    "MENTAL_DISORDER_CARE": 15,
    "MINOR_PROTECTION": 5,
    "MIGRANT_SERVICE": 2,
}


@dataclass(frozen=True, slots=True)
class Policy:
    """The figures and routes that a city configures; those with a default came after 0.1.0."""

    sign_in_minutes: Mapping[str, int]
    hand_off_answer_minutes: int
    return_answer_minutes: int
    claim_lapse_minutes: int
    return_window_minutes: int
    bounce_cap: int
    claim_cap: int
    repush_seconds: tuple[int, ...]
    acknowledge_seconds: int
    repeat_minutes: int
    repeat_metres: int
    suggestions: int
    routes: tuple[Route, ...] = ()
    objection_window_minutes: int = 7200
    objection_answer_minutes: int = 120
    escalation_answer_minutes: int = 120
    supervision_answer: Mapping[str, str] = field(default_factory=lambda: dict(SUPERVISION_ANSWER))
    supervision_least_hours: int = 1
    supervision_most_days: int = 60
    urge_pause_minutes: Mapping[str, int] = field(default_factory=lambda: dict(URGE_PAUSE_MINUTES))
    arrival_minutes: Mapping[str, int] = field(default_factory=lambda: ARRIVAL_MINUTES)
    feedback_minutes: Mapping[str, int] = field(default_factory=lambda: FEEDBACK_MINUTES)
    partner_answer_minutes: int = PARTNER_ANSWER_MINUTES
    caller_in_order: tuple[str, ...] = ()
    supervision_answerers: tuple[str, ...] = SUPERVISION_ANSWERERS
    dispute_call_back: tuple[str, ...] = DISPUTE_CALL_BACK
    accused_team: str = RECALL
    care_retention_years: Mapping[str, int] = field(default_factory=lambda: CARE_RETENTION_YEARS)
    team_minutes: Mapping[str, int] = field(default_factory=lambda: TEAM_MINUTES)
