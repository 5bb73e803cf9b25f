"""What to say to somebody who names what there isn't: the nearest name, or all there are."""

from collections.abc import Iterable
from difflib import get_close_matches


def offered(name: str, known: Iterable[str], all_of_them: str = "there are") -> str:
    """Ask for the name that was probably meant, or list all.

    >>> offered("whatsap", ["telegram", "whatsapp"])
    'did you mean whatsapp?'
    >>> offered("orkut", ["telegram", "whatsapp"], "choose one of")
    'choose one of telegram, whatsapp'
    """
    names = list(known)
    near = get_close_matches(name.lower(), names, n=1, cutoff=0.7)
    return f"did you mean {near[0]}?" if near else f"{all_of_them} {', '.join(names)}"
