"""`python -m tests.simulation [--seeds N] [--commands N] [--seed N]`: many seeds, or one again."""

import argparse
import sys
from collections import Counter

from tests.simulation.world import Run, run


def main() -> None:
    asked = arguments()
    seeds = [asked.seed] if asked.seed is not None else range(asked.seeds)
    faults: Counter[str] = Counter()
    seconds, calls = 0.0, 0
    for seed in seeds:
        found = run(seed, asked.commands)
        faults += found.faults
        seconds, calls = seconds + found.seconds, calls + found.calls
        if found.flaws or asked.seed is not None:
            sys.stdout.write(told(found, asked.commands))
        if found.flaws:
            sys.exit(1)
    sys.stdout.write(
        f"{len(seeds)} seeds, {len(seeds) * asked.commands} commands in {calls} calls, "
        f"{faults.total()} faults, {seconds:.1f} s: nothing found\n"
    )


def told(found: Run, commands: int) -> str:
    """One run in words, with what replays it."""
    lines = [f"seed {found.seed}: {found.history}"]
    lines += [f"  {flaw.invariant}: {flaw.what}" for flaw in found.flaws[:20]]
    lines += [f"  {name}: {number}" for name, number in sorted(found.faults.items())]
    lines += [f"  again: make simulate SEED={found.seed} COMMANDS={commands}"]
    return "\n".join(lines) + "\n"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--commands", type=int, default=500)
    parser.add_argument("--seed", type=int)
    return parser.parse_args()


if __name__ == "__main__":
    main()
