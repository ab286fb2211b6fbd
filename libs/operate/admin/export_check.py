"""Checks the export that lies beside this file: python3 check.py [FOLDER].

Needs Python alone; signatures are checked too if the package `cryptography` is there. Prints what
was checked and the first bad row, and exits with 1 if there is one.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:  # everything but the signatures is checked
    Ed25519PublicKey = None  # type: ignore[assignment,misc]


def lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)


def hash_of(row: dict[str, Any], previous: str) -> str:
    moment = datetime.fromisoformat(row["time"]).astimezone(UTC).isoformat()
    names = ("aggregate_id", "version", "kind", "request_id", "actor", "unit")
    told = [str(row[name]) for name in names]
    told += [moment, row["correlation_id"], row["causation_id"], row["traceparent"], previous]
    return sha256("\0".join(told).encode() + b"\0" + bytes.fromhex(row["payload"])).hexdigest()


def is_signed(row: dict[str, Any], keys: list[dict[str, str]]) -> bool:
    kind, of, version = row["kind"], row["aggregate_id"], row["version"]
    name = kind.rsplit(".", 2)[0]
    event_id = uuid5(UUID(of), f"{name} {version}")
    told = ("liandong event", f"{name}.events.v1", kind, str(event_id), of, str(version))
    statement = "\0".join(told).encode() + b"\0" + bytes.fromhex(row["payload"])
    signature = bytes.fromhex(row["signature"])
    for key in keys:
        if key["id"] == signature[:4].hex():
            try:
                public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key["sign"]))
                public.verify(signature[4:68], statement)
            except InvalidSignature:
                return False
            return True
    return False


def wrong_in_journal(path: Path, keys: list[dict[str, str]], since: int) -> Iterator[str]:
    """The flaws of the chains and signatures; then those of the anchors."""
    ends: dict[str, tuple[int, str]] = defaultdict(lambda: (0, ""))
    hashes: dict[int, str] = {}
    for row in lines(path):
        of, version = row["aggregate_id"], row["version"]
        last, previous = ends[of]
        where = f"{path.name}: {of}@{version}"
        if version != last + 1 or row["hash"] != hash_of(row, previous):
            yield f"{where} is not what was written, or follows another row"
        elif Ed25519PublicKey is not None and not (
            (row["position"] <= since and not row["signature"]) or is_signed(row, keys)
        ):
            yield f"{where} is not signed by its service"
        ends[of] = (version, row["hash"])
        hashes[row["position"]] = row["hash"]
    yield from wrong_anchors(path, hashes)


def wrong_anchors(journal: Path, hashes: dict[int, str]) -> Iterator[str]:
    positions = iter(sorted(hashes))
    place, digest = next(positions, None), b""
    for each in lines(journal.with_name(journal.name.replace(".journal.", ".anchors."))):
        covered = b""
        while place is not None and place <= each["position"]:
            covered += bytes.fromhex(hashes[place])
            place = next(positions, None)
        digest = sha256(digest + covered).digest()
        if digest.hex() != each["digest"]:
            yield f"{journal.name}: anchor {each['position']} does not cover the rows before it"
            digest = bytes.fromhex(each["digest"])


def hash_of_line(line: dict[str, Any], previous: str) -> str:
    values = [str(value) for name, value in line.items() if name != "hash"]
    return sha256(bytes.fromhex(previous) + chr(31).join(values).encode()).hexdigest()


def wrong_register(path: Path) -> Iterator[str]:
    """The flaws of a chain of lines; those of before it began have one digest."""
    last, previous, older = 0, "", sha256()
    if ".audit." in path.name:
        for before in lines(path.with_name(path.name.replace(".audit.", ".audit_before."))):
            last, previous = before["position"], before["digest"]
    began, digest = last, previous
    for line in lines(path):
        if line["position"] <= began:
            older.update(bytes.fromhex(hash_of_line(line, "")))
            continue
        if line["position"] != last + 1 or line["hash"] != hash_of_line(line, previous):
            yield f"{path.name}: line {line['position']} is not what was written"
        last, previous = line["position"], line["hash"]
    if digest and older.hexdigest() != digest:
        yield f"{path.name}: lines up to {began} are not what they were when the chain began"


def main(folder: Path) -> int:
    try:
        signers = json.loads((folder / "signers.json").read_text())
        since = json.loads((folder / "since.json").read_text())
    except (OSError, ValueError) as error:
        print(f"nothing was checked: {folder} is no export, or not the whole of one ({error})")
        return 1
    flaws: list[str] = []
    read = 0
    for path in sorted(folder.glob("*.jsonl")):
        service, what, _ = path.name.split(".")
        if what == "journal":
            flaws += wrong_in_journal(path, signers.get(service, []), since.get(service, 0))
        elif what in ("reveals", "audit"):
            flaws += wrong_register(path)
        rows = sum(1 for _ in lines(path))
        read += rows
        print(f"{path.name}: {rows} rows")
    if not read:
        flaws.append(f"nothing was checked: {folder} holds no rows")
    if Ed25519PublicKey is None:
        print("signatures were not checked: the package cryptography is missing")
    print("\n".join(flaws) or "no flaw")
    return 1 if flaws else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent))
