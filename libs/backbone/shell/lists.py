"""The lists of a service, each of the rows of one table."""

from typing import Any

from backbone.door.decider import Decider
from backbone.postgres.listing import Lists
from backbone.shell.shell import Shell


def lists_of(shell: Shell, decider: Decider[Any]) -> Lists:
    """The lists of an aggregate type. They show only rows of which the document says that they may
    be shown."""
    table, shown = decider.table, shell.rows.of(decider).shown
    return Lists(shell.pool, shell.settings.keyring.lasting, table.name, table.paths, shown)
