"""`make bench`: what the city can do, beside the raw limit of the same machine in the same run.

Every figure is the minimum, median and maximum of several runs after warm-ups. Latencies are taken
under open-loop arrivals, from the moment at which a request was meant to be sent: a slow answer
delays nothing but itself. The gates are printed, never asserted.
"""
