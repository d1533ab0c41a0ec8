"""The numbers of AJP/1.3 (Apache Tomcat Connectors, "AJPv13")."""

from __future__ import annotations

from typing import Final

TO_NODE: Final = b"\x12\x34"
TO_WEB_SERVER: Final = b"AB"
PACKET_HEAD_BYTES: Final = 4

FORWARD_REQUEST: Final = 2
SHUTDOWN: Final = 7
PING: Final = 8
CPING: Final = 10

SEND_BODY_CHUNK: Final = 3
SEND_HEADERS: Final = 4
END_RESPONSE: Final = 5
GET_BODY_CHUNK: Final = 6
CPONG: Final = 9

NULL_STRING: Final = 0xFFFF
CODED_NAME: Final = 0xA000
"""A header's name from here on is a code, no length."""
STORED_METHOD: Final = 255

METHODS: Final = dict(
    enumerate(
        (
            *("OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "PROPFIND", "PROPPATCH"),
            *("MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "ACL", "REPORT", "VERSION-CONTROL"),
            *("CHECKIN", "CHECKOUT", "UNCHECKOUT", "SEARCH", "MKWORKSPACE", "UPDATE", "LABEL"),
            *("MERGE", "BASELINE-CONTROL", "MKACTIVITY"),
        ),
        start=1,
    )
)

REQUEST_HEADERS: Final = dict(
    enumerate(
        (
            *(b"accept", b"accept-charset", b"accept-encoding", b"accept-language"),
            *(b"authorization", b"connection", b"content-type", b"content-length", b"cookie"),
            *(b"cookie2", b"host", b"pragma", b"referer", b"user-agent"),
        ),
        start=CODED_NAME + 1,
    )
)

RESPONSE_HEADERS: Final = dict(
    enumerate(
        (
            *(b"content-type", b"content-language", b"content-length", b"date", b"last-modified"),
            *(b"location", b"set-cookie", b"set-cookie2", b"servlet-engine", b"status"),
            b"www-authenticate",
        ),
        start=CODED_NAME + 1,
    )
)

# Attributes of a request.
CONTEXT: Final = 1
SERVLET_PATH: Final = 2
REMOTE_USER: Final = 3
AUTH_TYPE: Final = 4
QUERY_STRING: Final = 5
ROUTE: Final = 6
SSL_CERT: Final = 7
SSL_CIPHER: Final = 8
SSL_SESSION: Final = 9
NAMED_ATTRIBUTE: Final = 10
SSL_KEY_SIZE: Final = 11
SECRET: Final = 12
STORED_METHOD_NAME: Final = 13
ARE_DONE: Final = 255

# Named attributes that mod_jk and mod_proxy_ajp send by themselves.
REMOTE_PORT: Final = b"AJP_REMOTE_PORT"
LOCAL_ADDRESS: Final = b"AJP_LOCAL_ADDR"
SSL_PROTOCOL: Final = b"AJP_SSL_PROTOCOL"
LB_ACTIVATION: Final = b"JK_LB_ACTIVATION"
ALLOWED_ATTRIBUTES: Final = frozenset({REMOTE_PORT, LOCAL_ADDRESS, SSL_PROTOCOL, LB_ACTIVATION})
"""No other is let in: servlet containers took `javax.servlet.include.*` for files to serve
(CVE-2020-1938)."""
