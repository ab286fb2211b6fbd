"""Accusing 检举控告: whom a petition is against may be named later, never taken away. Pure."""

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import Denied, InvalidTransition
from backbone.words.followed import OVER as INCIDENT_OVER
from backbone.words.guards import require_text, require_unit
from backbone.words.matter import ACCUSATION
from services.petition.petition.record import OVER, Acceptance, Filing, Kind, Petition, accused

# An amendment that names the accused unit may say this beside it.
BESIDE = frozenset({"by", "against_unit", "reason", "persons", "known", "masked"})
# The parts that no incident hears of.
OF_PERSONS = frozenset({"petitioners", "head_count"})


class Named(Struct, frozen=True):
    """What an amendment says of the accused. `unit` is None where it names none."""

    unit: str | None
    text: str | None
    category: str | None
    reason: str


def below(against: str, city: City) -> tuple[str, ...]:
    """The units below the one complained of: they know of it as little as that one."""
    if not against:
        return ()
    return tuple(unit for unit in sorted(city.units) if against in city.superiors(unit))


def accuses_now(petition: Petition, unit: str | None) -> bool:
    """Whether naming this unit makes an accusation of what a clerk took for another kind."""
    decided = petition.kind not in (None, Kind.ACCUSATION)
    return decided and bool(unit) and unit != petition.filing.against_unit


def require_open(petition: Petition, command: Struct) -> None:
    """Raise PETITION_OVER or INCIDENT_OVER after the end. A command that names an accused unit for
    the first time and changes nothing else passes."""
    said = {
        name
        for name in command.__struct_fields__
        if name not in BESIDE and getattr(command, name) not in (None, ())
    }
    begins = bool(getattr(command, "against_unit", None)) and not said and not accused(petition)
    incident = petition.handling.incident
    if begins:
        return
    if petition.state in OVER:
        raise InvalidTransition("PETITION_OVER", code=petition.code, state=petition.state)
    if incident is not None and incident.state in INCIDENT_OVER and said - OF_PERSONS:
        raise InvalidTransition("INCIDENT_OVER", incident=petition.code, state=incident.state)


def require_may_accuse(petition: Petition, said: Named, city: City) -> None:
    """Check that the accused may be named so: never taken away, replaced only before the routing,
    and after the acceptance for a reason."""
    filing, routed = petition.filing, petition.handling.incident is not None
    emptied = (said.text == "" and filing.against) or (said.unit == "" and filing.against_unit)
    is_new = bool(said.unit) and said.unit != filing.against_unit
    replaced = is_new and routed and bool(filing.against_unit) and bool(accused(petition))
    moved = said.category not in (None, ACCUSATION) and petition.kind is Kind.ACCUSATION
    if emptied or replaced or (moved and routed):
        raise Denied("ACCUSATION_STAYS", code=petition.code)
    if not said.unit or not is_new:
        return
    require_unit(city, said.unit)
    if petition.acceptance is None:
        return
    reason = said.reason
    require_text(reason, "REASON_MISSING")
    if said.unit == petition.desk:
        # The unit would judge itself, as with an acceptance.
        raise Denied("OWN_UNIT_ACCUSED", unit=petition.desk)


def require_not_below_accused(petition: Petition, by: Actor) -> None:
    """Raises OWN_UNIT_ACCUSED where who would answer an accusation in words of their own belongs to
    the accused unit or to one below it. Such a desk hands it to a unit above."""
    if accused(petition) and by.unit in {petition.filing.against_unit, *petition.barred}:
        raise Denied("OWN_UNIT_ACCUSED", unit=by.unit)


def barred_with(petition: Petition, unit: str | None, city: City) -> tuple[str, ...]:
    """The units that learn nothing of it: an accused one that was replaced stays among them."""
    former = petition.filing.against_unit
    if not unit or unit == former:
        return petition.barred
    kept = (*petition.barred, former) if former and accused(petition) else petition.barred
    return tuple(dict.fromkeys((*kept, *below(unit, city))))


def accusing(petition: Petition, filing: Filing) -> Petition:
    """The petition as an accusation: no clerk's kind, channel or class hides it any more."""
    assert petition.acceptance is not None, "only an accepted petition has a kind to correct"
    acceptance = Acceptance(Kind.ACCUSATION, None, petition.acceptance.accept_time)
    routed = petition.handling.incident is not None
    whole = replace(filing, category=ACCUSATION) if routed else filing
    return replace(petition, acceptance=acceptance, filing=whole)
