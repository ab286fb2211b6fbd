"""The directory of the city: areas, units, persons, categories, policy. Owns entries and packs.

Publishes the compacted topic liandong.directory.v1; every service keeps a copy of it.
"""
