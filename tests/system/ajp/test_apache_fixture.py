"""The httpd of the tests: it starts, reloads, restarts and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import httpx2

from tests.support.apache import running_apache, takes_connections


def test_it_runs_restarts_and_ends(tmp_path: Path) -> None:
    text = 'Redirect "/here" "http://localhost/there"\n'
    with running_apache(tmp_path / "httpd", text, ("alias",)) as apache:
        assert httpx2.get(f"{apache.url}/here").status_code == 302
        apache.restart()
        assert httpx2.get(f"{apache.url}/here").status_code == 302
        apache.reload()
        assert httpx2.get(f"{apache.url}/here").headers["location"] == "http://localhost/there"
    assert not takes_connections(apache.port)
