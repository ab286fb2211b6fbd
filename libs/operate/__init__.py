"""The `liandong` command: runs, watches and examines a local installation."""

import os

# The supervisor starts processes beside gRPC's threads, of which gRPC's fork handlers only warn.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
