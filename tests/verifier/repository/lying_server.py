"""A repository over HTTP that answers whatever a test wants."""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

JSON = "application/json"
STORE = "application/c2pa"


@dataclass
class Lies:
    """What is answered to every request, but for those of ``at``, and what was asked."""

    status: int = 200
    kind: str = JSON
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drops: float = 0.0  # seconds between bytes
    stated_length: int | None = None
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    at: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    url: str = ""

    def answers(self, content: Any, kind: str = JSON, status: int = 200) -> Self:
        self.content = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.kind, self.status = kind, status
        return self


@contextmanager
def lying_server(certificate: Path | None = None) -> Iterator[Lies]:
    """Serve lies; by https for ``localhost`` where there is a certificate, with its key."""
    lies = Lies()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            lies.asked.append((self.command, self.path, dict(self.headers)))
            lies.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            place = (self.command, self.path.partition("?")[0])
            status, content = lies.at.get(place, (lies.status, lies.content))
            if not isinstance(content, bytes):
                content = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", lies.kind)
            length = len(content) if lies.stated_length is None else lies.stated_length
            self.send_header("Content-Length", str(length))
            for name, value in lies.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if lies.drops:
                for byte in content:
                    self.wfile.write(bytes([byte]))
                    time.sleep(lies.drops)
            else:
                self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        lies.url = f"http://127.0.0.1:{server.server_port}"
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            lies.url = f"https://localhost:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield lies
        server.shutdown()
