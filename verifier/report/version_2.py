"""Reports of schema version 2, as earlier verifiers wrote them, read as version 3.

Version 2 (``docs/report.schema.v2.json``) knew no recovered credential and no comparison with what
it signed; nothing else differs. A report of it was made without looking for one, and says so.
"""

from collections.abc import Mapping
from typing import Any


def as_version_3(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report of version 2 as one of version 3.

    Parameters
    ----------
    report
        What its JSON holds. What isn't as version 2 has it is left, for the record to refuse.
    """
    return {**report, "schema_version": 3}
