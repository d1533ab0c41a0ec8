"""Ends with 0 if the node in this container lives, else with 1 and the reason.

`/health/live` asks nothing of the database: a restart of the container would not bring that back.
"""

from __future__ import annotations

import os
import ssl
import sys
import urllib.error
import urllib.request


def main() -> int:
    """Ask the node once, at the port that the environment names."""
    scheme = "https" if os.environ.get("RANVIER_TLS_CERT") else "http"
    port = os.environ.get("RANVIER_HTTP_PORT", "8024")
    url = f"{scheme}://127.0.0.1:{port}/health/live"
    # Its certificate is made for its name, not for loopback.
    unchecked = ssl._create_unverified_context()  # noqa: S323  # of this container itself
    try:
        with urllib.request.urlopen(url, timeout=4, context=unchecked):  # noqa: S310  # as above
            return 0
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{url}: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
