"""The metrics of population; labels are enums, never ids, and none of them counts people."""

from prometheus_client import Counter

from backbone.process.metrics import begin
from services.population.care_case.record import Programme

REVEALS = Counter("liandong_care_reveals_total", "Disclosures of a person in care.", ["programme"])

begin(REVEALS, Programme)
