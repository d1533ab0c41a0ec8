"""What the HTTP side refuses, each with the status that it is told by.

WebError
├── MalformedRequest       the bytes are no HTTP request
├── InvalidParameter       a query parameter or header says what it may not
├── InvalidBody            the body is not the JSON that the call takes
├── BodyTooLarge           the body is longer than the call takes
├── MessageTooLarge        one event or snapshot is longer than a message may be
├── AnswerTooLarge         the answer is longer than the node builds for one request
├── HeadTooLarge           the request line or its headers are too long
├── MediaTypeNotTaken      the body is not announced as JSON
├── NothingHere            no resource has this path
├── NoSuchSession          no session has this id
├── UnknownFigure          no figure has this name, or none with these tags
├── MethodNotTaken         the resource does not know this method
├── AccessTokenMissing     access control is on and no token came
├── AccessTokenWrong       access control is on and another token came
├── TokenForStrangers      a join token was asked for by somebody who cannot be known
├── CrossSitePost          a form came from the page of another site
├── FormTokenWrong         a form does not belong to the session that it came with
├── HeaderTokenWrong       a change in a signed-in session came without the token that proves it
├── PostKeyMissing         a form cannot be told apart from another one
├── FormTooLong            a form has more fields than any page of ours
├── PostAnswerTooLarge     the answer of a form is longer than what is kept of one
├── NodeBusy               a bound on what the node holds at one time is reached
├── WebServerNotAdmitted   a web server shows another AJP secret, or sends what it may not
├── ForwardedRequestMalformed, ForwardedRequestTooLarge   what came by AJP is no fit request
├── ForwardedUnreadable    a trusted balancer sends a header Forwarded that is none
├── PreambleMissing        a trusted balancer's connection does not begin with a PROXY header
├── UnexpectedFailure      a defect; the log has the details
└── AddressUnavailable     the node cannot listen where it should
"""

from __future__ import annotations

from typing import ClassVar, Final

from ranvier.errors import RanvierError

WHOLE_BODY: Final = "the body"
"""In the place of a field where none is to blame alone."""


class WebError(RanvierError):
    """An HTTP request is refused; `field` names the part that is wrong, where there is one."""

    code: ClassVar[str] = "RANVIER-WEB"
    status: ClassVar[int] = 400
    field: str | None = None


class MalformedRequest(WebError):
    """The bytes are no HTTP/1.1 request."""

    code: ClassVar[str] = "RANVIER-MALFORMED-REQUEST"

    def __init__(self) -> None:
        super().__init__("The bytes sent are no HTTP/1.1 request: check client and port.")


class InvalidParameter(WebError):
    """A query parameter or header is missing or has a value that it may not have."""

    code: ClassVar[str] = "RANVIER-INVALID-PARAMETER"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"The parameter {field} {reason}.")
        self.field = field


class InvalidBody(WebError):
    """The body is not the JSON that this call takes."""

    code: ClassVar[str] = "RANVIER-INVALID-BODY"

    def __init__(self, field: str, reason: str) -> None:
        at = "" if field == WHOLE_BODY else f" at {field}"
        super().__init__(f"The body is refused{at}: {reason}.")
        self.field = field


class BodyTooLarge(WebError):
    """The body is longer than this call takes."""

    code: ClassVar[str] = "RANVIER-BODY-TOO-LARGE"
    status: ClassVar[int] = 413

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The body is longer than {limit_bytes} bytes: send less in one request.")


class MessageTooLarge(WebError):
    """One event or snapshot is longer than a message may be."""

    code: ClassVar[str] = "AXONIQ-2001"
    status: ClassVar[int] = 413

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(
            f"One message has {size_bytes} bytes, the limit is {limit_bytes}: "
            "store large payloads elsewhere and send a reference."
        )


class AnswerTooLarge(WebError):
    """What the handlers of a query answer is more than the node gathers for one request."""

    code: ClassVar[str] = "RANVIER-ANSWER-TOO-LARGE"
    status: ClassVar[int] = 413
    field = "numberOfResults"

    def __init__(self, limit_count: int, limit_bytes: int) -> None:
        super().__init__(
            f"The answer has more than {limit_count} results or {limit_bytes} bytes: "
            "ask for a numberOfResults, or by gRPC."
        )


class HeadTooLarge(WebError):
    """The request line or the headers are longer or more than the node reads."""

    code: ClassVar[str] = "RANVIER-HEAD-TOO-LARGE"
    status: ClassVar[int] = 431

    def __init__(self, limit_bytes: int, limit_count: int) -> None:
        super().__init__(
            f"Request line and headers may have {limit_bytes} bytes and {limit_count} headers: "
            "send less."
        )


class MediaTypeNotTaken(WebError):
    """The body is not announced as JSON.

    Asked for, because a web page of a stranger may make a browser send anything but JSON.
    """

    code: ClassVar[str] = "RANVIER-MEDIA-TYPE"
    status: ClassVar[int] = 415
    field = "Content-Type"

    def __init__(self) -> None:
        super().__init__("The body must be JSON: send the header Content-Type: application/json.")


class NothingHere(WebError):
    """No resource has this path."""

    code: ClassVar[str] = "RANVIER-NOT-FOUND"
    status: ClassVar[int] = 404

    def __init__(self) -> None:
        super().__init__("There is nothing at this path: /openapi.json lists what there is.")


class NoSuchSession(WebError):
    """No session has this id: it never was, or is over."""

    code: ClassVar[str] = "RANVIER-NO-SUCH-SESSION"
    status: ClassVar[int] = 404

    def __init__(self) -> None:
        super().__init__("There is no such session (any more): look at the list again.")


class UnknownFigure(WebError):
    """No figure of the node has this name, or none with these tags."""

    code: ClassVar[str] = "RANVIER-UNKNOWN-METRIC"
    status: ClassVar[int] = 404

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no figure {name} with these tags: ask /actuator/metrics.")


class MethodNotTaken(WebError):
    """The resource exists and does not know this method."""

    code: ClassVar[str] = "RANVIER-METHOD-NOT-ALLOWED"
    status: ClassVar[int] = 405

    def __init__(self) -> None:
        super().__init__("This path does not take this method: /openapi.json lists what it takes.")


class AccessTokenMissing(WebError):
    """Access control is on and the request brought no token."""

    code: ClassVar[str] = "AXONIQ-1000"
    status: ClassVar[int] = 401
    field = "AxonIQ-Access-Token"

    def __init__(self) -> None:
        super().__init__(
            "No access token: send the header AxonIQ-Access-Token, or a query parameter so named."
        )


class AccessTokenWrong(WebError):
    """Access control is on and the request brought another token."""

    code: ClassVar[str] = "AXONIQ-1001"
    status: ClassVar[int] = 403
    field = "AxonIQ-Access-Token"

    def __init__(self) -> None:
        super().__init__("The access token is not valid here: check AxonIQ-Access-Token.")


class TokenForStrangers(WebError):
    """Whoever has a join token is given the database: it is not for everyone who asks."""

    code: ClassVar[str] = "RANVIER-TOKEN-FOR-STRANGERS"
    status: ClassVar[int] = 403

    def __init__(self) -> None:
        super().__init__(
            "While access_control is off, join tokens are made for callers on the node's own"
            " machine alone: ask there, or turn access_control on."
        )


class NodeBusy(WebError):
    """The node holds as much as it may at one time."""

    code: ClassVar[str] = "RANVIER-BUSY"
    status: ClassVar[int] = 503
    retry_may_help: ClassVar[bool] = True

    def __init__(self, what: str) -> None:
        super().__init__(f"The node has reached its bound of {what}: try again later.")


class WebServerNotAdmitted(WebError):
    """A web server does not show the node's AJP secret, or sends attributes that it may not."""

    code: ClassVar[str] = "RANVIER-AJP-REFUSED"
    status: ClassVar[int] = 403


class ForwardedRequestMalformed(WebError):
    """What a web server has forwarded by AJP is no request that a node can take."""

    code: ClassVar[str] = "RANVIER-AJP-MALFORMED"


class ForwardedRequestTooLarge(WebError):
    """Address and headers that came by AJP are longer or more than the node reads."""

    code: ClassVar[str] = "RANVIER-AJP-HEAD-TOO-LARGE"
    status: ClassVar[int] = 431


class ForwardedUnreadable(WebError):
    """The header `Forwarded` breaks its grammar, so that nobody can say who the client is."""

    code: ClassVar[str] = "RANVIER-FORWARDED-HEADER"
    field = "Forwarded"

    def __init__(self) -> None:
        super().__init__(
            "The header Forwarded breaks the grammar of RFC 7239: let the balancer write it anew."
        )


class PreambleMissing(WebError):
    """A trusted balancer's connection does not begin with a PROXY header, or with a broken one."""

    code: ClassVar[str] = "RANVIER-PROXY-PROTOCOL"

    def __init__(self) -> None:
        super().__init__(
            "The connection of this balancer does not begin with a PROXY header: let it send one,"
            " or switch proxy_protocol off."
        )


class UnexpectedFailure(WebError):
    """A defect of the node; what happened is in its log and nowhere else."""

    code: ClassVar[str] = "RANVIER-INTERNAL"
    status: ClassVar[int] = 500

    def __init__(self) -> None:
        super().__init__("The node failed at this request: its log says why.")


class AddressUnavailable(WebError):
    """The node cannot listen for HTTP at the address that it was given."""

    code: ClassVar[str] = "RANVIER-ADDRESS-UNAVAILABLE"

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"HTTP cannot listen on {host} port {port} ({reason}): "
            "free the port, or set http_port or bind."
        )


class CrossSitePost(WebError):
    """A page of another site has sent the form."""

    code: ClassVar[str] = "RANVIER-CROSS-SITE"
    status: ClassVar[int] = 403

    def __init__(self) -> None:
        super().__init__(
            "The form came from a page of another site: open the page here and send it from there;"
            " behind a balancer, let that pass the header Host on as it came."
        )


class FormTokenWrong(WebError):
    """A form was made for another session, or for none."""

    code: ClassVar[str] = "RANVIER-FORM-TOKEN"
    status: ClassVar[int] = 403
    field = "csrf_token"

    def __init__(self) -> None:
        super().__init__(
            "The form does not belong to this session: load the page again, and allow its cookie."
        )


class HeaderTokenWrong(WebError):
    """A signed-in session would change something, and nothing says that its user wants it."""

    code: ClassVar[str] = "RANVIER-FORM-TOKEN"
    status: ClassVar[int] = 403
    field = "X-CSRF-Token"

    def __init__(self) -> None:
        super().__init__(
            "A change in a signed-in session needs its token: send as X-CSRF-Token what the sign-in"
            " by POST /api/sessions has answered as csrfToken."
        )


class PostKeyMissing(WebError):
    """A form has no usable key of its own."""

    code: ClassVar[str] = "RANVIER-POST-KEY"
    field = "post_key"

    def __init__(self) -> None:
        super().__init__("The field post_key must have 16 to 64 letters, digits, `-` or `_`.")


class FormTooLong(WebError):
    """A form has more fields than any page of ours."""

    code: ClassVar[str] = "RANVIER-FORM-TOO-LONG"
    status: ClassVar[int] = 413

    def __init__(self, limit: int) -> None:
        super().__init__(f"The form has more than {limit} fields: send fewer.")


class PostAnswerTooLarge(WebError):
    """What a form would be answered by is longer than what is kept of an answer."""

    code: ClassVar[str] = "RANVIER-POST-ANSWER"
    status: ClassVar[int] = 500

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"The answer of this form has more than {limit_bytes} bytes: its page must redirect."
        )
