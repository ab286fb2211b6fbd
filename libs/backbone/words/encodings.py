"""Texts of files as people save them: UTF-8 with or without a byte order mark, or GB18030. Pure."""

# The marks of encodings that spreadsheets offer and nothing here reads.
_OTHERS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


# What Big5 makes of a table of Chinese: nearly all are among its frequent characters, and read as
# GB18030 few are among the frequent ones of that; many are no characters at all.
_IS_BIG5, _IS_NO_GB, _IS_NONE = 0.9, 0.6, 0.2
_BY_CHANCE = 2


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
        if _is_utf8(raw, error.start):
            detail = f"byte {error.start} is not UTF-8, as what stands before it"
            chinese = f"不是 UTF-8 编码（第 {error.start} 字节），而此前的内容是"
            raise UnknownEncoding(_line(raw, error.start), detail, chinese) from error
    try:
        text = raw.decode("gb18030")
        _require_chinese(text, raw)
        return text, "GB18030"
    except UnicodeDecodeError as error:
        if _is_big5(raw):
            raise _big5(raw, error.start) from error
        detail = f"byte {error.start} is neither UTF-8 nor GB18030"
        chinese = f"既不是 UTF-8 也不是 GB18030 编码（第 {error.start} 字节）"
        raise UnknownEncoding(_line(raw, error.start), detail, chinese) from error


def _require_chinese(text: str, raw: bytes) -> None:
    """Raises UnknownEncoding for a text that only another encoding can have made: its bytes mean
    something in GB18030, as nearly all bytes do."""
    letters = _letters(text)
    first = next((at for at, byte in enumerate(raw) if byte > 0x7F), 0)
    if not _is_frequent(letters) and _is_big5(raw):
        raise _big5(raw, first)
    private = sum("\ue000" <= each <= "\uf8ff" for each in letters)
    if private > _IS_NONE * len(letters):
        detail = "read as GB18030 it is no Chinese text, and it is not UTF-8"
        raise UnknownEncoding(
            _line(raw, first), detail, "按 GB18030 读取不是中文，也不是 UTF-8 编码"
        )


def _big5(raw: bytes, at: int) -> UnknownEncoding:
    detail = "it is Big5: save it as UTF-8 or GB18030"
    return UnknownEncoding(_line(raw, at), detail, "是 Big5 编码（繁体中文）")


def _is_big5(raw: bytes) -> bool:
    try:
        letters = _letters(raw.decode("cp950"))
    except UnicodeDecodeError:
        return False
    return _share(letters, "cp950", (0xA4, 0xC6), 0x40) >= _IS_BIG5


def _is_gb18030(raw: bytes) -> bool:
    try:
        return _is_frequent(_letters(raw.decode("gb18030")))
    except UnicodeDecodeError:
        return False


def _is_frequent(letters: list[str]) -> bool:
    return _share(letters, "gb18030", (0xB0, 0xD7), 0xA1) >= _IS_NO_GB


def _letters(text: str) -> list[str]:
    return [each for each in text if each > "\x7f"]


def _share(letters: list[str], encoding: str, leads: tuple[int, int], trails_from: int) -> float:
    """Which share are punctuation or frequent characters of the encoding: those whose first byte
    is within these."""
    pairs = (each.encode(encoding, "replace") for each in letters)
    least, most = leads
    frequent = sum(
        len(pair) == 2
        and pair[1] >= trails_from
        and (least <= pair[0] <= most or 0xA1 <= pair[0] <= 0xA3)
        for pair in pairs
    )
    return frequent / len(letters) if letters else 1.0


def _is_utf8(raw: bytes, end: int) -> bool:
    """Whether the bytes before the end, which can be read as UTF-8, are it: Chinese takes three
    bytes there. Two are also what 联通 or 司徒 take in GB18030, and 陳大 has three by chance."""
    chinese = sum(character >= "\u0800" for character in raw[:end].decode("utf-8-sig"))
    return chinese > _BY_CHANCE or (chinese > 0 and not _is_gb18030(raw))


def _line(raw: bytes, at: int) -> int:
    return raw.count(b"\n", 0, at) + 1
