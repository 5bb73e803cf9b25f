"""A timestamp authority (RFC 3161) on this machine: OpenSSL's, behind a small server."""

import http.server
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIGURATION = """
[tsa]
default_tsa = here
[here]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
"""
CERTIFICATE = (
    "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 2 "
    "-subj /O=Timestamps/CN=Timestamps -addext extendedKeyUsage=critical,timeStamping "
    "-addext keyUsage=critical,digitalSignature -addext basicConstraints=critical,CA:false"
)
REPLY = (
    "ts -reply -config tsa.cnf -queryfile query -signer certificate.pem -inkey key.pem -out reply"
)


@contextmanager
def timestamp_authority(folder: Path) -> Iterator[str]:
    """Run an authority; yields its URL."""
    folder.mkdir()
    (folder / "tsa.cnf").write_text(CONFIGURATION)
    (folder / "serial").write_text("01\n")
    _openssl(CERTIFICATE, folder)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            (folder / "query").write_bytes(self.rfile.read(length))
            _openssl(REPLY, folder)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write((folder / "reply").read_bytes())

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def _openssl(words: str, folder: Path) -> None:
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
