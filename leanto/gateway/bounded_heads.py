"""Uvicorn's HTTP protocol with a bound to a request's head, and with refusals in the shape of OpenAI's errors."""

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runtime.gateway.answers import GatewayError

MAXIMUM_HEAD_BYTES = 64 * 1024
"""API Gateway takes 10 KiB of headers. Without a bound, whoever has no key could fill the server's memory."""


class BoundedHeads(HttpToolsProtocol):
    """One connection; what comes in one piece is read as a whole, so a head may be longer by a piece's length."""

    _head_bytes = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Take a piece of what the client sends."""
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > MAXIMUM_HEAD_BYTES:
            self._refuse(431, "headers_too_large", f"The headers are longer than {MAXIMUM_HEAD_BYTES} bytes.")

    def on_headers_complete(self) -> None:
        """Go on with the body."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect the next request."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; `msg` is the library's own and repeats nothing of it."""
        self._refuse(400, "invalid_http", msg)

    def _refuse(self, status: int, code: str, message: str) -> None:
        body = GatewayError(status, code, message).json()
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
        head += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()
