"""The simulation: the flow's real code in one thread, from one seed, with only the edges replaced.

`world.py` puts it together; `python -m tests.simulation --seed N` replays one run.
"""
