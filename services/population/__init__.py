"""Population 特殊人群服务管理: care cases under a closed list of programmes. Schema population.

Publishes liandong.population.events.v1; consumes the events of the incidents of its service
requests. It is for care and statutory follow-up, not surveillance: the person's data is sealed, and
only the entrusted care workers see it.
"""
