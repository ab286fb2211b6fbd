"""What a service refuses, as HTTP: who may come again later is told when."""

import grpc
import pytest
from grpc_status import rpc_status

from backbone.rpc.refusing import status_of
from backbone.words.errors import Broken, Denied, Refusal
from services.gateway.http.edge import to_problem
from services.gateway.http.refusals import problem_of


def refused(refusal: Refusal) -> grpc.aio.AioRpcError:
    status = rpc_status.to_status(status_of(refusal))
    trailing = grpc.aio.Metadata(*status.trailing_metadata)
    return grpc.aio.AioRpcError(status.code, grpc.aio.Metadata(), trailing, status.details)


def test_too_many_attempts_say_when_to_come_again() -> None:
    problem = problem_of(refused(Denied("TRACKING_LOCKED", seconds=840, minutes=14)))
    assert (problem.status, problem.reason) == (429, "TRACKING_LOCKED")
    assert problem.headers == {"Retry-After": "840"}


def test_who_may_not_need_not_come_again() -> None:
    problem = problem_of(refused(Denied("ROLE_MAY_NOT", role="clerk")))
    assert (problem.status, dict(problem.headers)) == (403, {})


def test_tampered_evidence_is_said_and_a_bug_is_not() -> None:
    problem = problem_of(refused(Broken("EVIDENCE_BROKEN", version=2)))
    assert (problem.status, problem.reason, problem.facts["version"]) == (
        500,
        "EVIDENCE_BROKEN",
        "2",
    )
    bug = problem_of(refused(Broken("ZERO_DIVIDED", what="x")))
    assert (bug.status, bug.reason) == (500, "INTERNAL")


@pytest.mark.parametrize(
    ("is_write", "reason", "facts"),
    [(True, "UNKNOWN_REPEAT", {"repeat_with": "SAME_KEY"}), (False, "SERVICE_AWAY", {})],
)
def test_of_a_read_nothing_is_unknown_when_our_own_database_is_away(
    is_write: bool, reason: str, facts: dict[str, str]
) -> None:
    problem = to_problem(OSError("the database is away"), is_write=is_write)
    assert (problem.status, problem.reason, problem.facts) == (503, reason, facts)
    assert problem.headers == {"Retry-After": "1"}
