"""The metrics of workflow; labels are enums, never ids."""

from prometheus_client import Counter

# Commands sent by the direct road after a timeout of the stream or a refusal by Kafka.
HEDGES = Counter("liandong_hedges_total", "Commands that took the direct road in need.")
# Records that the stream processor has acknowledged: performed, ignored or dead.
STREAMED = Counter("liandong_streamed_total", "Records of the stream processor.", ["fate"])
