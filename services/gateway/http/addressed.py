"""Reads the parameters of path and query as texts; a refusal names each that cannot be read."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request

from backbone.words.errors import Flaw
from services.gateway.http.problems import Problem


def read_query(request: Request, lists: frozenset[str]) -> dict[str, str | dict[str, str]]:
    """The query parameters; a list as a mapping by index. Raises Problem 400 for broken UTF-8 and
    for a repeated parameter that is not a list."""
    query: bytes = request.scope["query_string"]
    texts: dict[str, str | dict[str, str]] = {}
    if not query:
        return texts
    try:
        text = query.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError as error:
        raise Problem(400, "BROKEN_UTF8", errors=[*_broken_in(query)]) from error
    for name, text in pairs:
        if name in lists:
            said = texts.setdefault(name, {})
            assert isinstance(said, dict)
            said[str(len(said))] = text
        elif name in texts:
            raise Problem(400, "REPEATED_PARAMETER", errors=[Flaw(name, "REPEATED_PARAMETER")])
        else:
            texts[name] = text
    return texts


def require_known(request: Request, names: frozenset[str]) -> None:
    """Raises Problem 400 for each query parameter that is none of these: one that is misspelt would
    be passed over, and a terminal be another device at each connection."""
    unknown = [name for name in read_query(request, frozenset()) if name not in names]
    if unknown:
        flaws = [Flaw(name, "UNKNOWN_FIELD") for name in unknown]
        raise Problem(400, "UNKNOWN_FIELD", {"field": unknown[0]}, flaws)


def _broken_in(query: bytes) -> Iterator[Flaw]:
    """The parameters of a query that are not UTF-8, by their names as they are written."""
    for part in query.split(b"&"):
        try:
            parse_qsl(part.decode("ascii"), errors="strict")
        except ValueError:
            name = unquote(part.partition(b"=")[0].decode("ascii", "replace"))
            yield Flaw(name, "BROKEN_UTF8")


def read_path(request: Request) -> dict[str, str]:
    """The path parameters. Raises Problem 400 for broken UTF-8, which the server has replaced."""
    path: dict[str, str] = request.path_params
    broken = [name for name, text in path.items() if "\ufffd" in text]
    if broken:
        raise Problem(400, "BROKEN_UTF8", errors=[Flaw(name, "BROKEN_UTF8") for name in broken])
    return path
