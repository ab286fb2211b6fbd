"""The files of accounts as people save them: each encoding is read or explained in words."""

from pathlib import Path

import pytest

from operate.admin.register import text_of
from operate.home.trouble import Trouble

TEXT = "user,role,unit\n王芳,clerk,990100-police\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_what_spreadsheets_save_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert text_of(path) == TEXT


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf_16_is_named(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "accounts.csv"
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    path.write_bytes(mark + TEXT.encode(encoding))
    with pytest.raises(Trouble) as caught:
        text_of(path)
    assert "UTF-16" in str(caught.value) and "codec" not in str(caught.value)
