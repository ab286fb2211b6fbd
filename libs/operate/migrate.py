"""`make migrate`: brings the schemas up to date without starting any service."""

import asyncio

from operate.boot import migrate
from operate.home import Home
from operate.installation import Installation
from operate.screen import tell
from operate.trouble import Trouble


def main() -> int:
    """On the server that DATABASE_URL names, or the embedded one while it runs."""
    try:
        home = Home.here()
        home.make()
        applied = asyncio.run(migrate(Installation.here(home)))
    except Trouble as trouble:
        tell(trouble)
        return 1
    print("\n".join(applied) or "every schema is up to date")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
