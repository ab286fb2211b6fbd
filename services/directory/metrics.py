"""The metrics of the directory; labels are enums, never ids."""

from prometheus_client import Counter, Gauge

# Version of the pack in force; all instances and all copies should converge on it.
VERSION = Gauge("liandong_directory_version", "Version of the city pack in force.")
REFUSED = Gauge(
    "liandong_directory_pack_refused", "1 while a due pack cannot be put in force, else 0."
)
LOADED = Counter("liandong_directory_packs_total", "Packs put in force.")
PUBLISHED = Counter("liandong_directory_published_total", "Entries published to the topic.")
