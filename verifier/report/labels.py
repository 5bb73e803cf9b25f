"""Every label of a report: headings, questions and captions, of the text, the file and the page."""

from collections.abc import Mapping
from typing import Final

from verifier.report.record import Level, Status, VerdictLabel

# The verdict
TITLES: Final[Mapping[VerdictLabel, str]] = {
    "consistent": "Consistent",
    "evidence against": "Evidence against",
    "inconclusive": "Inconclusive",
}
MEANINGS: Final[Mapping[VerdictLabel, str]] = {
    "consistent": "What could be checked fits a picture that nobody altered since. Whether what it "
    "shows is true is another question.",
    "evidence against": "There is evidence against this picture as an unaltered original.",
    "inconclusive": "What was found decides neither way: an honest answer, and a common one.",
}
LEVELS: Final[Mapping[Level, str]] = {
    "established": "established by a signature, not by statistics",
    "strong": "strong, by a signature that holds and by tests that were right about nearly all "
    "comparable pictures, whose result is stable when the picture is shared again",
    "moderate": "moderate; likely, but not enough to decide on alone",
    "weak": "weak; a hint, to be followed up by other means",
    "none": "no statement is made",
}
ESTABLISHED_BY_COMPARING: Final = (
    "established by a signature, and by a comparison with what was signed"
)
ROLES: Final[Mapping[str, str]] = {
    "parentOf": "this one was made from it",
    "componentOf": "put into it",
    "inputTo": "given to a program",
}
STATUSES: Final[Mapping[Status, str]] = {
    "ran": "looked, and isn't sure enough to answer",
    "abstained": "gave no answer, on purpose",
    "not run": "was not asked",
}
SIGNERS: Final[Mapping[str, str]] = {
    "trusted": "someone you trust",
    "untrusted": "someone you don't know",
    "expired": "someone whose certificate had expired",
    "not checked": "someone who was not checked",
    "no credential": "nobody",
}
AS_SIGNED: Final[Mapping[str, str]] = {
    "intact": "unchanged since",
    "broken": "not as it was signed",
    "unclear": "not all of it could be checked",
    "unreadable": "the credential can't be read",
    "no credential": "there is no credential",
}
JUDGED_BESIDE: Final = "Answered by the comparison with the signed photo"
CONTRADICTED: Final = "Can't be judged: two credentials that hold contradict each other"
OF_A_STRANGER: Final = "Can't be judged: nobody you trust signed what it was compared with"
UNJUDGED: Final[Mapping[str, str]] = {
    "read": "Can't be judged: the signed photo is needed to compare with",
    "not found": "Can't be judged: no watermark was read",
    "not looked for": "Can't be judged: there is no key to read a watermark by",
}
OTHER_PHOTO: Final = "Can't be judged: it shows another picture than the signed photo"
NOT_COMPARED: Final = "Can't be judged: it could not be compared with the signed photo"

HOW_SURE: Final = "How sure:"
PIPELINE: Final = "Camera pipeline:"
PLATFORM: Final = "Platform:"
PICTURE_WITHOUT_A_NAME: Final = "photo"

# Headings, in the order of a report
COMPARED: Final = "Does it show what was signed?"
NEXT_STEPS: Final = "What to do next"
IN_SHORT: Final = "In short"
FILE: Final = "File"
CREDENTIAL: Final = "Credential"
FACTS: Final = "Facts: the content credential"
STATISTICS: Final = "Statistics: what the detectors found"
APART: Final = (
    "Facts are checked, statistics are estimated. This report never mixes them into one number."
)
HISTORY: Final = "Distribution history"
WATERMARK: Final = "Watermark"
SIGNED_PHOTO: Final = "The signed photo"
SHARED_AGAIN: Final = "If it is shared again"
UNKNOWN: Final = "What can't be known"
EXPERTS: Final = "For experts"

# The credential
QUESTIONS: Final[Mapping[str, str]] = {
    "integrity": "Unchanged since signing?",
    "trust": "Is the signer trusted?",
    "revocation": "Certificate withdrawn?",
    "time": "Signed when?",
    "identity": "Author confirmed?",
}
STATED: Final = "The credential states:"
STATED_PARTS: Final[Mapping[str, str]] = {
    "signer": "signed by",
    "issuer": "issued by",
    "signed_at": "signed at",
    "generator": "written by",
    "source_type": "source",
    "pipeline": "camera pipeline",
    "pair": "pair",
}

# Detectors
IN_DOMAIN: Final[Mapping[bool | None, str]] = {
    True: "It was tested on pictures like this one.",
    False: "It was made for other pictures than this one.",
    None: "",
}

# Platforms
PROFILES: Final = "Platform profiles that fit"
PROFILE_COLUMNS: Final = ("Platform", "Era", "What fits", "How well the profile is known")

# Figures
PICTURE: Final = "The picture"
MAP: Final = "Patch map:"
WITHOUT_A_SQUARE: Final = (
    "Parts without a square are too uniform or overexposed, or were not looked at."
)
RECEIVED: Final = "The received picture"
RECEIVED_TAG: Final = "received"
SIGNED: Final = "What was signed"
SIGNED_TAG: Final = "signed"
REVEAL: Final = "Received or signed picture"
LAID_CAPTION: Final = (
    "Left of the slider: the received picture. Right of it: the reference picture that was signed "
    "with the photo, which is smaller and less sharp."
)
OUTLINED: Final = "Outlined: what differs."
PAIR_CAPTION: Final = (
    "The received picture, and the reference picture that was signed with the photo of its "
    "watermark."
)
WHOLE: Final = "The whole signed picture"
WHOLE_CAPTION: Final = "All that was signed. Outlined: what the received picture shows of it."
