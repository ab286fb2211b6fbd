"""The metrics of workflow; labels are enums, never ids."""

from prometheus_client import Counter

# A command that the stream did not answer in time, or that Kafka refused, went directly.
HEDGES = Counter("liandong_hedges_total", "Commands that took the direct road in need.")
# Records that the stream processor has finished with: performed, not for us, or dead.
STREAMED = Counter("liandong_streamed_total", "Records of the stream processor.", ["fate"])
