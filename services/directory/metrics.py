"""The metrics of the directory; labels are enums, never ids."""

from prometheus_client import Counter, Gauge

# Greater with every pack; all instances and all copies should come to show the same.
VERSION = Gauge("liandong_directory_version", "Version of the city pack in force.")
LOADED = Counter("liandong_directory_packs_total", "Packs put in force.")
PUBLISHED = Counter("liandong_directory_published_total", "Entries published to the topic.")
# Stays above nothing while Kafka is away.
UNPUBLISHED = Gauge("liandong_directory_unpublished", "Entries that wait to be published.")
