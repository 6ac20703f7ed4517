"""A runtime for the tests' own functions: takes events from the Runtime API and gives them to `handler.handle`.

It goes into the tests' bundles and runs there on the standard library alone.
"""

import base64
import http.client
import importlib
import json
import os
import socket
import traceback


class Call:
    """One invocation: its event, and the ways to answer it."""

    def __init__(self, host: str, headers: http.client.HTTPMessage, payload: bytes) -> None:
        self.payload = payload
        self.request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.headers = headers
        self._host = host

    @property
    def event(self) -> object:
        return json.loads(self.payload)

    def respond(self, document: object) -> int:
        return self.post("response", json.dumps(document).encode())

    def fail(self, error_type: str, message: str) -> int:
        body = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
        return self.post("error", body, {"Lambda-Runtime-Function-Error-Type": error_type})

    def post(self, kind: str, body: bytes, headers: dict[str, str] | None = None) -> int:
        path = f"/2018-06-01/runtime/invocation/{self.request_id}/{kind}"
        connection = http.client.HTTPConnection(self._host)
        connection.request("POST", path, body, headers or {})
        status = connection.getresponse().status
        connection.close()
        return status

    def stream(self, content_type: str = "application/octet-stream") -> "Stream":
        host, port = self._host.split(":")
        connection = socket.create_connection((host, int(port)))
        head = (
            f"POST /2018-06-01/runtime/invocation/{self.request_id}/response HTTP/1.1\r\nHost: {self._host}\r\n"
            f"Content-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n"
            "Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n"
        )
        connection.sendall(head.encode())
        return Stream(connection)


class Stream:
    """A streamed response."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def write(self, data: bytes) -> None:
        self.connection.sendall(b"%x\r\n" % len(data) + data + b"\r\n")

    def close(self, error_type: str = "", message: str = "") -> bytes:
        trailers = ""
        if error_type:
            body = base64.b64encode(json.dumps({"errorType": error_type, "errorMessage": message}).encode()).decode()
            trailers = (
                f"Lambda-Runtime-Function-Error-Type: {error_type}\r\nLambda-Runtime-Function-Error-Body: {body}\r\n"
            )
        self.connection.sendall(f"0\r\n{trailers}\r\n".encode())
        answer = self.connection.recv(100)
        self.connection.close()
        return answer


def main() -> None:
    host = os.environ["AWS_LAMBDA_RUNTIME_API"]
    try:
        handle = importlib.import_module("handler").handle
    except Exception as error:
        body = json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)}).encode()
        connection = http.client.HTTPConnection(host)
        headers = {"Lambda-Runtime-Function-Error-Type": f"Runtime.{type(error).__name__}"}
        connection.request("POST", "/2018-06-01/runtime/init/error", body, headers)
        connection.getresponse().read()
        raise SystemExit(1) from error
    while True:
        connection = http.client.HTTPConnection(host)
        connection.request("GET", "/2018-06-01/runtime/invocation/next")
        answer = connection.getresponse()
        call = Call(host, answer.headers, answer.read())
        connection.close()
        try:
            handle(call)
        except Exception as error:
            traceback.print_exc()
            call.fail(type(error).__name__, str(error))


if __name__ == "__main__":
    main()
