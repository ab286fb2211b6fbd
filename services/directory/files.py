"""Reads the files of a pack from a folder or a zip archive, and writes such an archive."""

import io
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from backbone.words.encodings import UnknownEncoding, decoded
from services.directory.flaws import Finding, Flaws, PackUnreadable, Severity, Spot

NAMES = (
    "city.yaml",
    "areas.csv",
    "organisations.csv",
    "grids.geojson",
    "staff.csv",
    "accounts.csv",
    "teams.csv",
    "categories.csv",
    "competences.csv",
    "routes.yaml",
    "clocks.yaml",
    "calendar.yaml",
    "dangers.yaml",
    "ladder.yaml",
)
# Optional, so that packs from before there were such files stay loadable.
OPTIONAL = frozenset({"calendar.yaml", "dangers.yaml", "ladder.yaml"})
# A city of 15,238 grids takes 10 MiB; a pack far larger than that is refused.
LARGEST = 64 * 1024 * 1024
# A fixed file time, so that equal files give an equal archive.
EPOCH = (1980, 1, 1, 0, 0, 0)


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the files of a pack that the folder contains."""
    return {name: (folder / name).read_bytes() for name in NAMES if (folder / name).is_file()}


def read_archive(archive: bytes) -> dict[str, bytes]:
    """Return the files of a zip archive. Raises PackUnreadable if it is not one."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            if sum(member.file_size for member in packed.infolist()) > LARGEST:
                raise _broken(f"unpacked it is larger than {LARGEST} bytes")
            return {name: packed.read(name) for name in packed.namelist() if name in NAMES}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise _broken(str(error)) from error


def to_archive(files: Mapping[str, bytes]) -> bytes:
    """Return a zip archive of the files; equal files give an equal archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), files[name], zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def checksum(files: Mapping[str, bytes]) -> str:
    """Return the digest of a pack's content."""
    digest = sha256()
    for name in sorted(files):
        digest.update(f"{name} {len(files[name])}\n".encode() + files[name])
    return digest.hexdigest()


def to_texts(files: Mapping[str, bytes], flaws: Flaws) -> dict[str, str]:
    """Decode every file, UTF-8 or GB18030; note those in neither, and those that are missing."""
    texts: dict[str, str] = {}
    for name in NAMES:
        if name not in files:
            if name not in OPTIONAL:
                flaws.add(Spot(name), "FILE_MISSING", name, "the pack has no such file")
            continue
        try:
            texts[name], _ = decoded(files[name])
        except UnknownEncoding as error:
            flaws.add(Spot(name, error.line), "NOT_UTF8", name, str(error))
    flaws.stop()
    return texts


def _broken(detail: str) -> PackUnreadable:
    return PackUnreadable(
        [Finding(Severity.ERROR, "ARCHIVE_BROKEN", Spot("archive"), "archive", detail)]
    )
