"""The metrics of dispute; labels are enums, never ids."""

from prometheus_client import Counter

from backbone.process.metrics import begin

# Referrals to mediation by other services: the numerator of the target "a third of the calls".
REFERRALS = Counter("liandong_dispute_referrals_total", "Referrals to mediation.", ["source"])

begin(REFERRALS, ["ALARM"])
