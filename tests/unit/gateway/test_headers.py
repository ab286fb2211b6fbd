"""Which headers have one value: all that the gateway reads, but lists."""

import re
from pathlib import Path

import pytest
from starlette.requests import Request

from services.gateway.http.incoming import SINGLE, require_headers
from services.gateway.http.problems import Problem

GATEWAY = Path("services/gateway")
READ = re.compile(r"""headers\.get\(\s*"([A-Za-z-]+)\"""")
# Several lines of these are one list.
LISTS = {"accept-language"}


def asked(*names: str, version: str = "1.1") -> Request:
    headers = [(name.lower().encode(), b"x") for name in names]
    return Request({"type": "http", "headers": headers, "http_version": version})


@pytest.mark.parametrize("name", SINGLE)
def test_a_header_of_one_value_stands_once(name: str) -> None:
    require_headers(asked("Host", *{name} - {"Host"}, "X-Other", "X-Other"))
    with pytest.raises(Problem) as refused:
        require_headers(asked("Host", name, name))
    assert (refused.value.reason, refused.value.errors[0].field) == ("REPEATED_HEADER", name)


def test_every_request_of_today_names_its_host() -> None:
    require_headers(asked(version="1.0"))
    with pytest.raises(Problem, match="HOST_MISSING"):
        require_headers(asked("Accept"))


def test_every_header_that_is_read_has_one_value_or_is_a_list() -> None:
    read = {
        name.lower()
        for path in GATEWAY.rglob("*.py")
        for name in READ.findall(path.read_text("utf-8"))
    }
    assert {"content-type", "idempotency-key", "if-match", "authorization"} <= read
    assert read - LISTS <= {name.lower() for name in SINGLE}
