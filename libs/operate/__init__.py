"""The `liandong` command: starts, watches and examines a local installation."""

import os

# The supervisor starts processes beside gRPC's threads; its fork handlers only complain of that.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
