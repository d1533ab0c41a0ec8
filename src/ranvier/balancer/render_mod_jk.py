"""The Tomcat connector: mod_jk in Apache httpd, isapi_redirect in IIS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ranvier.balancer.errors import CannotRender
from ranvier.balancer.node_list import BalancedNode
from ranvier.balancer.options import RenderOptions, WebServer
from ranvier.balancer.rendered_file import RenderedFile, head, text_of
from ranvier.balancer.virtual_host import virtual_host
from ranvier.balancer.workers_file import WORKERS_FILE, workers_file

DEBIAN_WORKERS: Final = "/etc/libapache2-mod-jk/workers.properties"
"""Debian's own jk.conf names it, and httpd takes only one such line."""


def render_mod_jk(nodes: Sequence[BalancedNode], options: RenderOptions) -> list[RenderedFile]:
    """Render workers.properties, and what the web server has to be told about it."""
    workers = workers_file(nodes, options)
    if options.server is WebServer.IIS:
        return [workers, *_isapi(options)]
    return [workers, RenderedFile("ranvier-jk.conf", text_of(_httpd(options)))]


def _httpd(options: RenderOptions) -> Iterator[str]:
    yield from head("mod_jk")
    yield "# To be included by httpd.conf where mod_jk is loaded."
    if options.workers_file == DEBIAN_WORKERS:
        yield "# jk.conf of the distribution names the file of workers."
    else:
        yield f"JkWorkersFile {options.workers_file}"
    yield "JkWatchdogInterval 5"
    mounts = (
        "# The path as it was sent; live pages as they come.",
        "JkOptions +ForwardURICompatUnparsed +FlushPackets",
        f"JkMount /* {options.name}",
    )
    yield from virtual_host(options, mounts)


def _isapi(options: RenderOptions) -> list[RenderedFile]:
    """Render the two files of isapi_redirect.dll, which lie beside it and workers.properties."""
    if options.listen is not None or options.tls is not None:
        raise CannotRender(
            "IIS keeps addresses and certificates in its own settings; leave out --listen and"
            " --tls."
        )
    top = head("mod_jk --server iis")
    redirect = [
        *top,
        "extension_uri=/jakarta/isapi_redirect.dll",
        r"log_file=$(JKISAPI_PATH)\isapi_redirect.log",
        "log_level=info",
        rf"worker_file=$(JKISAPI_PATH)\{WORKERS_FILE}",
        rf"worker_mount_file=$(JKISAPI_PATH)\{_URI_MAP}",
    ]
    return [
        RenderedFile("isapi_redirect.properties", text_of(redirect)),
        RenderedFile(_URI_MAP, text_of([*top, f"/*={options.name}"])),
    ]


_URI_MAP: Final = "uriworkermap.properties"
