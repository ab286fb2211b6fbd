"""The HTTP routes as tables, one file for each service.

Example, `routes/dispute.py`, complete:

    from liandong.dispute.v1 import dispute_service_pb2 as pb

    from services.gateway.routes.route import Area, get, post

    AREA = Area(
        "Disputes",
        "dispute",
        pb.DESCRIPTOR.services_by_name["DisputeService"],
        (
            post("/v1/disputes", "RegisterDispute", status=201),
            get("/v1/disputes", "ListDisputes"),
            get("/v1/disputes/{dispute_id}", "GetDispute"),
            post("/v1/disputes/{dispute_id}:accept", "AcceptDispute"),
        ),
    )

Then add one import and one entry in AREAS below. Who is admitted stands in the row of the RPC
(`backbone.words.rights`). The contract gives the rest:

- a path parameter has the name of the request field that it fills; a JSON body may carry every
  other field; a GET takes its other plain fields as query parameters (`?state=OFFERED&page_size=`);
- `XResponse { X x = 1; }` is answered as that X, with `ETag` from its `version`; a message with
  `next_page_token` and one repeated field is answered as `{"items", "next_page_token"}`, with
  `total_size` only where it is set; any other response is answered whole;
- the identity of the caller, the idempotency key, the expected version and the purpose are sent as
  metadata (`backbone.rpc.caller`), never as fields; the gateway generates a missing key;
- refusals become problems by their reason: add each new reason to `reasons.yaml`;
- `empty="POOL_EMPTY"` answers 204 for that refusal; `returns="incident.due"` answers one field;
  `query={"longitude": "point.longitude"}` and `always={"inbox": True}` fill request fields;
  `reveals="receipt_id"` requires a purpose and records the disclosure for auditors;
  `public=True` needs no account (a stricter rate limit by address); `is_write=False` marks a POST
  that changes nothing; `patience=` is the deadline in seconds.

/openapi.json describes all routes.
"""

from services.gateway.routes import (
    alarm,
    directory,
    dispute,
    emergency,
    incident,
    petition,
    population,
    supervision,
)
from services.gateway.routes.rights import require_rows
from services.gateway.routes.route import Area

AREAS: tuple[Area, ...] = (
    incident.AREA,
    supervision.AREA,
    alarm.AREA,
    petition.AREA,
    dispute.AREA,
    population.AREA,
    emergency.AREA,
    directory.AREA,
)
require_rows(AREAS)

__all__ = ["AREAS"]
