"""Population 特殊人群服务管理: owns care under a closed list of programmes; schema population.

Topic: liandong.population.events.v1 out, the events of its service requests' incidents in. Care and
statutory follow-up, never watching: whom it concerns is sealed, and seen by the entrusted only.
"""
