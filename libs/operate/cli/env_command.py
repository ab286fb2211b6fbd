"""`liandong env SERVICE`: the environment with which a service starts alone."""

import os
from typing import Annotated

import typer

from operate.admin.environment import SERVICES, hidden, told_to, written
from operate.home.home import Home
from operate.home.trouble import Trouble
from operate.run.installation import Installation

Service = Annotated[str, typer.Argument(help="such as alarm or workflow-stream")]
Hide = Annotated[bool, typer.Option("--hide", help="show no secrets: for a person to read")]


def env(service: Service, hide: Hide = False) -> None:
    """Print what a service reads from its environment, with the values of this installation.

    It contains secrets: keep the output in a file that only the service's user can read.
    """
    if service not in SERVICES:
        names = ", ".join(SERVICES)
        raise Trouble(
            f"No service is called {service!r}; there are: {names}.",
            f"没有名为 {service!r} 的服务；现有：{names}。",
        )
    installation = Installation.here(Home.here())
    installation.publish_keys()
    told = told_to(service, installation.environment(service), os.environ)
    print(written(service, told, hidden) if hide else written(service, told), end="")
