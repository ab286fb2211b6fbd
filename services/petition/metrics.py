"""The metrics of petition; labels are enums, never ids."""

from prometheus_client import Counter

from backbone.process.metrics import begin

# Tracking requests of citizens, by result: SHOWN, NO_SUCH_CODE or TRACKING_LOCKED.
TRACKINGS = Counter("liandong_petition_trackings_total", "Answers to code and PIN.", ["outcome"])

begin(TRACKINGS, ("SHOWN", "NO_SUCH_CODE", "TRACKING_LOCKED"))
