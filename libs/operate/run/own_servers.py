"""The servers of a city's own that the environment names."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from operate.home.trouble import Trouble

BROKER = re.compile(r" *([^\s:,]+|\[[0-9a-fA-F:]+\]):\d{1,5} *")


def named_servers(environ: Mapping[str, str]) -> dict[str, str]:
    """The external servers, empty for embedded ones. Raises Trouble for a malformed address."""
    database_url, brokers = environ.get("DATABASE_URL", ""), environ.get("KAFKA_BOOTSTRAP", "")
    if database_url and not is_database(database_url):
        raise Trouble(
            # The value is not shown: it may contain a password.
            "DATABASE_URL is not the address of a database, which looks like "
            "postgresql://user:password@host:5432/database.",
            "DATABASE_URL 不是数据库地址，其格式应为 postgresql://用户:密码@主机:5432/数据库。",
        )
    if brokers and not all(BROKER.fullmatch(each) for each in brokers.split(",")):
        raise Trouble(
            f"KAFKA_BOOTSTRAP is {brokers!r}; it must be host:port, or several with commas.",
            f"KAFKA_BOOTSTRAP 的值为 {brokers!r}，必须是 主机:端口，多个用逗号分隔。",
        )
    return {"database_url": database_url, "kafka_bootstrap": brokers}


def is_database(url: str) -> bool:
    try:
        parts = urlsplit(url)
        one_port = "," in parts.netloc or parts.port != 0
    except ValueError:  # a port that is no number, half an IPv6 address
        return False
    somewhere = parts.hostname or "host=" in parts.query
    return parts.scheme in ("postgresql", "postgres") and bool(somewhere) and one_port
