"""A client of ``camsim serve`` in ten lines: ``python client.py photo.jpg [http://…] [KEY]``."""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen


def verify(photo: Path, service: str = "http://127.0.0.1:8000", key: str = "") -> Any:
    """Return a photo's report; raises urllib's HTTPError, whose body says why there is none."""
    address = f"{service.rstrip('/')}/v1/analyses?name={quote(photo.name)}"
    headers = {"Content-Type": "application/octet-stream", "Authorization": f"Bearer {key}"}
    with urlopen(Request(address, photo.read_bytes(), headers)) as answer:
        return json.load(answer)


if __name__ == "__main__":
    verdict = verify(Path(sys.argv[1]), *sys.argv[2:])["verdict"]
    print(verdict["label"], "-", verdict["headline"])
