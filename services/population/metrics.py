"""The metrics of population; labels are enums, never ids, and none of them counts people."""

from prometheus_client import Counter

REVEALS = Counter("liandong_care_reveals_total", "Disclosures of a person in care.", ["programme"])
