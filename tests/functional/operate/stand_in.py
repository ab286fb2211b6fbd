"""A service for tests of the supervisor: answers /readyz after a moment, or dies as told.

Usage: stand_in.py PORT [delay SECONDS | die CODE | stubborn]
"""

import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def main(port: int, how: str = "", amount: str = "0") -> None:
    if how == "die":
        sys.stderr.write("cannot go on\n")
        sys.exit(int(amount))
    if how == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(float(amount))
    HTTPServer(("127.0.0.1", port), Pages).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
