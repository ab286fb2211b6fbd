"""The directory: who and what there is in a city. Owns the entries and the packs they came from.

Publishes the compacted topic liandong.directory.v1, of which every service keeps a copy.
"""
