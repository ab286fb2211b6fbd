"""The metrics of workflow; labels are enums, never ids."""

from prometheus_client import Counter

# Commands sent by the direct road after a timeout of the stream or a refusal by Kafka.
HEDGES = Counter("liandong_hedges_total", "Commands that took the direct road in need.")
# Records that the stream processor has acknowledged: performed, ignored or dead.
STREAMED = Counter("liandong_streamed_total", "Records of the stream processor.", ["fate"])
# Units marked because they did not answer a supervision in time, by its level.
MARKS = Counter("liandong_supervision_marks_total", "Marks of units, by level.", ["level"])
# Urges of incidents, by the kind of the urger.
URGES = Counter("liandong_urges_total", "Urges of incidents, by urger.", ["urger"])
