"""Texts of files as people save them: UTF-8 with or without a byte order mark, or GB18030. Pure."""

# The marks of encodings that spreadsheets offer and nothing here reads.
_OTHERS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


class UnknownEncoding(ValueError):
    """The bytes are neither UTF-8 nor GB18030; `line` is the first that is not."""

    def __init__(self, line: int, detail: str) -> None:
        self.line = line
        super().__init__(detail)


def decoded(raw: bytes) -> tuple[str, str]:
    """The text and the name of its encoding. Raises UnknownEncoding."""
    for mark, name in _OTHERS.items():
        if raw.startswith(mark):
            raise UnknownEncoding(1, f"it is {name}: save it as UTF-8 or GB18030")
    try:
        return raw.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError as error:
        if _is_utf8(raw[: error.start]):
            detail = f"byte {error.start} is not UTF-8, as what stands before it"
            raise UnknownEncoding(_line(raw, error.start), detail) from error
    try:
        return raw.decode("gb18030"), "GB18030"
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} is neither UTF-8 nor GB18030"
        raise UnknownEncoding(_line(raw, error.start), detail) from error


def _is_utf8(raw: bytes) -> bool:
    """Whether these bytes, which can be read as UTF-8, are it: Chinese takes three bytes there. Two
    are also what 联通 or 司徒 take in GB18030."""
    return any(character >= "\u0800" for character in raw.decode("utf-8-sig"))


def _line(raw: bytes, at: int) -> int:
    return raw.count(b"\n", 0, at) + 1
