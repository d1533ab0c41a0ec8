"""One of several nodes that a supervisor runs: it stops when the supervisor is no more."""

from __future__ import annotations

import sys

from ranvier.node.command_start import start

if __name__ == "__main__":
    sys.exit(start(sys.argv[2:], supervisor_pipe=int(sys.argv[1])))
