"""The finding of `liandong doctor` about the OpenID Connect provider, where one is set up."""

import importlib
import os

from backbone.process.settings import SettingsError
from operate.admin import register
from operate.admin.finding import Finding
from operate.cli.screen import words
from operate.home import elsewhere
from operate.home.home import Home


async def sign_in_of(home: Home) -> list[Finding]:
    """Ask the provider for what it publishes, as a sign-in does, and for its clock."""
    if elsewhere.runner_of(home):  # the gateway has another environment than this command
        return []
    what = words("sign-in provider", "统一身份认证")
    part = "services.gateway.accounts"
    clients = importlib.import_module(f"{part}.oidc_client")
    try:
        client = clients.read_client(os.environ)
    except SettingsError as error:
        return [Finding(what, str(error), words("correct the setting", "请更正该设置"))]
    if client is None:
        return []
    problems = importlib.import_module("services.gateway.http.problems")
    try:
        await importlib.import_module(f"{part}.provider").Provider(client).look()
    except problems.Problem as problem:
        mend = words(
            "see to the provider and its clock, or correct LIANDONG_OIDC_ISSUER",
            "请检查该服务及其时钟，或更正 LIANDONG_OIDC_ISSUER",
        )
        return [Finding(what, words(*register.sentences(problem)), mend)]
    return [Finding(what, client.issuer)]
