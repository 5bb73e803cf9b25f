"""A small client of ``camsim serve``: ``python client.py photo.jpg [http://…] [KEY]``."""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen


def verify(photo: Path, service: str = "http://127.0.0.1:8000", key: str = "") -> Any:
    """Return a photo's report; raises urllib's HTTPError, whose body says why there is none."""
    address = f"{service.rstrip('/')}/v1/analyses?name={quote(photo.name)}"
    headers = {"Content-Type": "application/octet-stream", "Authorization": f"Bearer {key}"}
    with urlopen(Request(address, photo.read_bytes(), headers)) as answer:
        return json.load(answer)


def main(args: list[str]) -> str:
    """Return a line about a photo; ends with a sentence where there is none."""
    if not 1 <= len(args) <= 3:
        sys.exit(__doc__)
    try:
        verdict = verify(Path(args[0]), *args[1:])["verdict"]
    except HTTPError as error:
        sys.exit(json.load(error)["detail"])
    except (OSError, ValueError) as error:  # no such file, no service, no address
        sys.exit(str(error))
    return f"{verdict['label']} - {verdict['headline']}"


if __name__ == "__main__":
    print(main(sys.argv[1:]))
