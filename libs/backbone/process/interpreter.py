"""Settings of the interpreter that every process of ours shares, the benches among them."""

import gc
import sys


def tune() -> None:
    """Set how often the garbage collector looks, and how often threads take turns."""
    # Reference counts free nearly everything. The default threshold of 700 objects would scan the
    # whole city in memory for cycles again and again, in the middle of a request.
    gc.set_threshold(20_000, 20, 50)
    # Faust reads Kafka in its own thread; at the default of 5 ms the two threads delay each other.
    sys.setswitchinterval(0.0005)
