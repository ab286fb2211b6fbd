"""The refusals of an input that are about no single field; all others name one in `errors`."""

from collections.abc import Mapping
from typing import Any

# Not about a field; each with the reason why.
OF_NO_FIELD = {
    "MALFORMED_JSON": "of the whole body; the sentence tells line and column",
    "NOT_AN_OBJECT": "of the whole body",
    "BROKEN_UTF8": "of the whole body; in a query or path the parameter is named where it is read",
    "MALFORMED_HTTP": "no request could be read",
    "UPGRADE_WITH_BODY": "the same; the sentence names the header",
    "REPEATED_PARAMETER": "its flaw is made where the query is read",
    "NOTHING_TO_CHANGE": "all fields are missing, and any one would do",
    "TOO_LARGE": "all texts together",
    "TEXT_TOO_LONG": "a rule of the contract names the field, and the door of a header its own",
    "VIOLENCE_NOT_MEDIATED": "of the record: it says that there was violence",
    "PACK_REFUSED": "a command of the operator, not a request",
    "ANOTHER_CITY": "a command of the operator, not a request",
    "UNKNOWN_STEP": "between services, not over HTTP",
}


def require_field(problem: Mapping[str, Any]) -> None:
    """Asked of every refusal over HTTP that a test draws."""
    if problem["status"] in (400, 422) and problem["reason"] not in OF_NO_FIELD:
        assert problem["errors"] and problem["errors"][0]["field"], problem
