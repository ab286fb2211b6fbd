"""A verified export: the evidence with its chains, and a small program that checks it alone."""

import json
import shutil
from pathlib import Path
from typing import Any, TextIO

from operate.home.trouble import Trouble

CHECK = Path(__file__).parent / "export_check.py"


class Export:
    """A folder with one file of JSON lines for each service's journal, anchors and registers."""

    def __init__(self, folder: Path, signers: str) -> None:
        """Raises Trouble for a folder that cannot be written."""
        self._folder = folder
        self._files: dict[str, TextIO] = {}
        self._since: dict[str, int] = {}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / "signers.json").write_text(signers)
            shutil.copyfile(CHECK, folder / "check.py")
        except OSError as error:
            said = error.strerror or error
            raise Trouble(
                f"{folder} cannot be written ({said}): name another folder.",
                f"无法写入 {folder}（{said}）：请另选目录。",
            ) from error

    def write(self, service: str, what: str, row: Any) -> None:
        """Append a row; bytes are written as hexadecimal digits, times with microseconds in UTC."""
        name = f"{service}.{what}.jsonl"
        if name not in self._files:
            self._files[name] = (self._folder / name).open("w", encoding="utf-8")
        plain = {column: plain_of(value) for column, value in row.items()}
        self._files[name].write(json.dumps(plain, ensure_ascii=False) + "\n")

    def tell(self, service: str, since: int) -> None:
        """Note the position up to which a journal has no signatures."""
        self._since[service] = since

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        (self._folder / "since.json").write_text(json.dumps(self._since))


def plain_of(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if hasattr(value, "astimezone"):
        return value.isoformat()
    return value if isinstance(value, int | str) else str(value)
