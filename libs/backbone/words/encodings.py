"""Texts of files as people save them: UTF-8 with or without a byte order mark, or GB18030. Pure."""

# The marks of encodings that spreadsheets offer and nothing here reads.
_OTHERS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


class UnknownEncoding(ValueError):
    """The bytes are neither UTF-8 nor GB18030; `line` is the first that is not, `chinese` says
    what it is instead."""

    def __init__(self, line: int, detail: str, chinese: str) -> None:
        self.line, self.chinese = line, chinese
        super().__init__(detail)


def decoded(raw: bytes) -> tuple[str, str]:
    """The text and the name of its encoding. Raises UnknownEncoding."""
    for mark, name in _OTHERS.items():
        if raw.startswith(mark):
            detail = f"it is {name}: save it as UTF-8 or GB18030"
            raise UnknownEncoding(1, detail, f"是 {name} 编码")
    try:
        return raw.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError as error:
        if _is_utf8(raw[: error.start]):
            detail = f"byte {error.start} is not UTF-8, as what stands before it"
            chinese = f"不是 UTF-8 编码（第 {error.start} 字节），而此前的内容是"
            raise UnknownEncoding(_line(raw, error.start), detail, chinese) from error
    try:
        return raw.decode("gb18030"), "GB18030"
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} is neither UTF-8 nor GB18030"
        chinese = f"既不是 UTF-8 也不是 GB18030 编码（第 {error.start} 字节）"
        raise UnknownEncoding(_line(raw, error.start), detail, chinese) from error


def _is_utf8(raw: bytes) -> bool:
    """Whether these bytes, which can be read as UTF-8, are it: Chinese takes three bytes there. Two
    are also what 联通 or 司徒 take in GB18030."""
    return any(character >= "\u0800" for character in raw.decode("utf-8-sig"))


def _line(raw: bytes, at: int) -> int:
    return raw.count(b"\n", 0, at) + 1
