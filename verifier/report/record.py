"""The report: what was found, as a versioned record; ``docs/report.schema.v3.json`` is its schema.

Integrity facts (`Credential`) and statistics (`DetectorResult`) stand apart, and no field mixes
them into a number.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from verifier.report.preview import Preview
from verifier.report.reference import SignedPicture
from verifier.report.version_1 import as_version_2
from verifier.report.version_2 import as_version_3

Probability = Annotated[float, Field(ge=0, le=1)]
Huffman = Literal["standard", "optimised", "arithmetic"]
Status = Literal["ran", "abstained", "not run"]
Finding = Literal["evidence against", "consistent", "inconclusive", "informs", "none"]
VerdictLabel = Literal["consistent", "evidence against", "inconclusive"]
Level = Literal["established", "strong", "moderate", "weak", "none"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputFacts(_Record):
    """What the file is.

    Attributes
    ----------
    name
        File name without its folder; None for bytes and arrays.
    sha256
        Of the file; of the pixels, row by row, for an array.
    width, height
        As coded, before the orientation in the EXIF data is applied.
    orientation
        EXIF 2.32, 4.6.4 A: 1 is upright.
    trailing_bytes
        Bytes after the end of the picture: other pictures in the same file, or another file.
    notes
        What is unusual about it, in sentences.
    """

    name: str | None
    format: str
    bytes: int
    sha256: str
    width: int
    height: int
    mode: str
    orientation: int = 1
    trailing_bytes: int = 0
    notes: tuple[str, ...] = ()


class Development(_Record):
    """Our own assertion in a credential, ``org.camsim.development``: which network, which pair.

    What the signer says, not what was measured.
    """

    pipeline: str = Field(max_length=200)
    pair: str | None = Field(default=None, max_length=200)
    weights_sha256: str | None = Field(default=None, max_length=64)
    engine: str = Field(max_length=200)
    precision: str = Field(max_length=200)
    bundle_sha256: str | None = Field(default=None, max_length=64)
    raw_sha256: str = Field(max_length=64)
    boot_log_sha256: str | None = Field(default=None, max_length=64)
    engine_sha256: str | None = Field(default=None, max_length=64)


class Fact(_Record):
    """An answer about a credential, in a word and in a sentence."""

    state: str
    words: str


class Integrity(Fact):
    """Whether file and credential are as they were signed.

    "broken": a hash or the signature fails. "unclear": none fails, but not all that would have to
    be covered was, or could be checked.

    Attributes
    ----------
    broken_part
        What doesn't hold. Of "signature" nobody is known to have signed, whoever is named.
    """

    state: Literal["no credential", "intact", "broken", "unclear", "unreadable"]
    broken_part: Literal["picture", "credential", "signature"] | None = None


class Trust(Fact):
    """Whether the signer is one that the reader of this report trusts."""

    state: Literal["no credential", "trusted", "untrusted", "expired", "not checked"]


class Revocation(Fact):
    """Whether the signer's certificate was withdrawn.

    "not revoked" by the authority's own proof in the file; "not listed" in a list that was given
    and that the certificate's authority issued.
    """

    state: Literal["no credential", "not revoked", "not listed", "revoked", "not checked"]


class SigningTime(Fact):
    """Whether somebody else than the signer says when it was signed.

    "time-stamped" by an authority on your list, "unproven" by another or by a time stamp that
    doesn't hold.
    """

    state: Literal["no credential", "time-stamped", "unproven", "no time stamp"] = "no time stamp"
    words: str = "Nobody but the signer could say when it was signed."


class Identity(Fact):
    """Whether the author whom the credential names is who it says (CAWG identity assertions)."""

    state: Literal["no credential", "none stated", "confirmed", "not confirmed"] = "none stated"
    words: str = "The credential names no author."


class Answers(_Record):
    """What one manifest is worth: five answers, none of which stands for another.

    Attributes
    ----------
    faults
        What else is wrong with it, in sentences; breaks none of the answers.
    """

    integrity: Integrity
    trust: Trust
    revocation: Revocation
    time: SigningTime = SigningTime()
    identity: Identity = Identity()
    faults: tuple[str, ...] = ()


class Ingredient(Answers):
    """A picture that the signer says went into this one, and what its own credential is worth.

    Its answers are never evidence for the file. Its picture isn't at hand: that its hash matched is
    what the signer of this file states.

    Attributes
    ----------
    relationship
        "parentOf": this picture was made from it; "componentOf": it was put in; "inputTo": a
        program was given it.
    depth
        1 for what went into the picture itself, 2 for what went into that.
    """

    relationship: str
    depth: int
    title: str | None = None
    signer: str | None = None
    codes: tuple[str, ...] = ()


Made = Literal["generated", "partly generated", "captured", "other"]
Speaker = Literal["trusted signer", "unknown signer", "nobody"]


class Statement(_Record):
    """What is stated of how a picture was made: a statement, which isn't its proof.

    Attributes
    ----------
    made
        What it comes down to.
    of
        Of which picture: this one, the one it was made from, or one that was put in.
    by
        "nobody" is an entry that no credential holds: anybody can write or remove it.
    source_type
        IPTC's name, such as "trainedAlgorithmicMedia", or the entry that says so.
    where
        Where it was found.
    """

    made: Made
    of: Literal["picture", "parent", "component", "input"]
    by: Speaker
    source_type: str
    where: str
    words: str

    @property
    def establishes_generation(self) -> bool:
        """Whether someone trusted states of this picture that it was generated, at least partly."""
        ours = self.of in ("picture", "parent") and self.by == "trusted signer"
        return ours and self.made in ("generated", "partly generated")


class Credential(Answers):
    """C2PA content credentials: answers that must not be taken for one another.

    They are the active manifest's alone; each ingredient has its own.

    Attributes
    ----------
    codes
        C2PA's own status codes of the active manifest, for experts.
    source_type
        IPTC digital source type of the first action that has one, such as "digitalCapture".
    ingredients
        Number of pictures that the signer says went into this one.
    ingredient_answers
        What their credentials are worth, as deep as was looked.
    statements
        All that is stated of how the picture was made, signed or not.
    manifest
        Name (URN) of the active manifest; None in reports of earlier verifiers, too.
    """

    signer: str | None = None
    issuer: str | None = None
    signed_at: str | None = None
    generator: str | None = None
    actions: tuple[str, ...] = ()
    source_type: str | None = None
    ingredients: int = 0
    ingredient_answers: tuple[Ingredient, ...] = ()
    statements: tuple[Statement, ...] = ()
    development: Development | None = None
    codes: tuple[str, ...] = ()
    manifest: str | None = None

    @property
    def present(self) -> bool:
        """Whether the file carries a credential, good or bad."""
        return self.integrity.state != "no credential"


class JpegFacts(_Record):
    """What a JPEG file's header says, and the quality that its tables amount to.

    Attributes
    ----------
    quality
        From 1 to 100, nearest to the luma table, on the scale of libjpeg (Annex K) or mozjpeg
        (Robidoux), whose table it is; ``exact`` if it is that table.
    tables
        Family and quality, if exact.
    marks
        Segments that name software: JFIF, Exif, ICC, FBMD…
    """

    quality: int
    exact: bool
    tables: str
    chroma_quality: int | None
    subsampling: str
    progressive: bool
    scans: int
    huffman: Huffman
    marks: tuple[str, ...]


class PlatformMatch(_Record):
    """A platform profile that could have written this file.

    Attributes
    ----------
    profile
        Of `channel.PLATFORMS`; ``camsim platforms NAME`` shows it.
    agrees
        What agrees with it.
    mark
        Whether the file carries what only this platform writes, as far as we know.
    confidence
        How the profile's tables are known.
    """

    profile: str
    platform: str
    era: str
    agrees: tuple[str, ...]
    mark: bool
    confidence: str


class LikelihoodRatio(_Record):
    """How much likelier a platform makes a file's header than a program that is no platform does.

    Attributes
    ----------
    platform
        Or "none": a program, or another platform.
    ratio
        Likelihood ratio of the header: through the platform over any program.
    probability
        With "none" nine times as likely beforehand as all platforms together.
    profile
        The platform's profile that fits best; "" for "none".
    """

    platform: str
    ratio: Annotated[float, Field(ge=0)]
    probability: Probability
    profile: str = ""


class EarlierPlatform(_Record):
    """A platform before the last one, and the evidence of it."""

    platform: str
    words: str


class Cue(_Record):
    """A trace of an earlier life of the picture.

    Attributes
    ----------
    found
        None if it can't be looked for in this file.
    strength, threshold
        The statistic, and what it is compared with.
    quality
        Of an earlier JPEG generation, on libjpeg's scale.
    """

    found: bool | None
    strength: float | None = None
    threshold: float | None = None
    quality: int | None = None
    words: str


class ChannelReading(_Record):
    """What the file itself shows of its history: the last encoder, platforms that write so, cues.

    Attributes
    ----------
    platforms
        Profiles that could have written it; a platform's own mark first.
    platform
        The one that the file was downloaded from, where a mark or a table of its own singles it
        out, else None; "Meta" where it is Facebook, Instagram or Messenger.
    named_by
        What singles it out, in words; None if none is named.
    likelihoods
        What the header says of each platform, the likeliest first; the unlikely are left out.
        Without a mark no platform has more than a few percent: programs write the same.
    earlier
        A platform before the last one, where a trace of it is left.
    """

    jpeg: JpegFacts | None
    platforms: tuple[PlatformMatch, ...] = ()
    platform: str | None = None
    named_by: str | None = None
    likelihoods: tuple[LikelihoodRatio, ...] = ()
    earlier: EarlierPlatform | None = None
    double_compression: Cue
    scale: Cue
    words: tuple[str, ...]


class ModelFacts(_Record):
    """Which model answered, and the camera pipeline whose pictures it knows."""

    name: str
    version: str
    sha256: str
    pair: str | None
    pipeline: str | None


class PatchMap(_Record):
    """Answers of single patches, as coded (before orientation).

    Attributes
    ----------
    side
        Of a patch, pixels.
    places
        Left and top of each patch.
    values
        Probability of any edit, of the platform that is likeliest for the picture, or of no
        photograph, uncalibrated: a map shows where, the pooled answer how surely.
    low, high
        What a value of 0 and of 1 means, in a few words.
    """

    side: int
    places: tuple[tuple[int, int], ...]
    values: tuple[Probability, ...]
    words: str
    low: str = "looks untouched"
    high: str = "looks edited"


class DetectorResult(_Record):
    """What one detector says.

    Attributes
    ----------
    question
        What it answers, in a sentence.
    scores
        Raw pooled score of each class.
    probabilities
        Calibrated; empty if there is no calibration.
    label_words
        What each class is called in words.
    answer, answer_words
        The label that was answered, and what to call it.
    confidence
        Calibrated probability of what was answered; None without an answer.
    threshold, false_alarm_rate
        Of the answer that was given: how often it would be wrong, see `verifier.weights.Threshold`.
    finding
        What it means for the verdict; "informs" says something but neither for nor against.
    platforms
        Of the detector of platforms: those that the picture came through as far as they are
        known, in the order of sharing.
    limits
        What it can't know, in a sentence; "" in reports of earlier versions.
    """

    name: str
    question: str
    status: Status
    finding: Finding
    answer: str | None = None
    answer_words: str | None = None
    model: ModelFacts | None = None
    in_domain: bool | None = None
    confidence: Probability | None = None
    scores: dict[str, float] = {}
    probabilities: dict[str, Probability] = {}
    label_words: dict[str, str] = {}
    threshold: Probability | None = None
    false_alarm_rate: Probability | None = None
    calibrated_for: str | None = None
    patches: int = 0
    patch_map: PatchMap | None = None
    platforms: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    limits: str = ""


class Resent(_Record):
    """The answers after the picture was transmitted through one more platform.

    Attributes
    ----------
    findings
        By detector.
    flipped
        Detectors whose answer turned into its opposite; falling silent is no flip.
    silent
        Detectors that had an answer and have none after it.
    error
        Why the picture couldn't be transmitted or asked about again; None where that worked. Then
        nothing is known of this platform, and the lists are empty.
    """

    platform: str
    findings: dict[str, Finding]
    flipped: tuple[str, ...]
    silent: tuple[str, ...]
    error: str | None = None


class Stability(_Record):
    """Whether the answers would hold if the picture were shared once more.

    Attributes
    ----------
    holds
        None if there was no answer to test, the test was off, or a part of it failed.
    """

    holds: bool | None
    resent: tuple[Resent, ...] = ()
    words: str


class MeasuredOctave(_Record):
    """How much of a measuring octave is left, by a vendor's service.

    Attributes
    ----------
    low, high
        Cycles across the photo's longer side.
    share, error
        Of what the camera laid, rounded; and its standard error.
    """

    low: int
    high: int
    share: float
    error: float


class MeasuredRegions(_Record):
    """Where a photo's octaves are, in equal regions turned as the photo was, row by row."""

    rows: int
    columns: int
    levels: tuple[Literal["present", "absent", "not known"], ...]


class MeasuredFacts(_Record):
    """What a vendor's service measured with the photo's own key: its word, which decides nothing.

    Attributes
    ----------
    service
        URL that the operator named.
    answer
        "absent": it read a payload, and the octaves of no device that it knows.
    payload, group
        That it read, and the name of the group's key.
    edits
        What was done to the whole picture; "native": nothing was found; None: not known.
    words
        Ours, whatever it answered.
    """

    service: str
    answer: Literal[
        "present",
        "in parts",
        "absent",
        "not known",
        "withdrawn",
        "not in use yet",
        "no watermark",
        "not answered",
    ]
    payload: str | None = None
    group: str | None = None
    octaves: tuple[MeasuredOctave, ...] = ()
    regions: MeasuredRegions | None = None
    edits: Literal["native", "sharpen", "gaussian", "resample", "softened"] | None = None
    words: tuple[str, ...] = ()


class WatermarkFacts(_Record):
    """What the picture's watermark says: which photo it shows, and how that photo lies in it.

    A payload names a photo to whoever keeps the record of it. It is no signature, and says nothing
    of edits.

    Attributes
    ----------
    state
        "not looked for": no key of a device group was known, or an earlier verifier wrote this.
    payload
        16 hexadecimal digits.
    key
        Name of the group's key that read it, never the key.
    scale
        Pixels of the picture to one of the photo.
    offset
        Where the picture's top left corner, once it is turned back, lies in the photo: pixels
        across and down, of the photo.
    turned
        How far the picture is turned clockwise as people see it, in degrees.
    mirrored
        Whether it was mirrored left to right, before it was turned.
    slant
        How far it is turned clockwise beside that, in degrees: of a picture that was straightened.
    longer_side
        Of the photo as it was developed, in pixels.
    false_hit_rate
        How probable such a payload is in a picture without a watermark.
    words
        The same in sentences, and what it does not say.
    measured
        What each measuring service answers that was asked.
    """

    state: Literal["read", "not found", "not looked for"] = "not looked for"
    payload: str | None = None
    key: str | None = None
    scale: float | None = None
    offset: tuple[float, float] | None = None
    turned: int | None = None
    mirrored: bool | None = None
    slant: float | None = None
    longer_side: int | None = None
    false_hit_rate: Probability | None = None
    words: tuple[str, ...] = ()
    measured: tuple[MeasuredFacts, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a section about it says; none where nothing was looked for."""
        own = () if self.state == "not looked for" else self.words
        return (*own, *(words for one in self.measured for words in one.words))


class RecoveredFacts(_Record):
    """The credential that the picture's watermark led to, in the repositories that were asked.

    It is a stripped photo's: that its hash doesn't hold for a picture that platforms wrote anew is
    expected. `ComparisonFacts` says whether the picture shows what it was signed for.

    Attributes
    ----------
    state
        "not looked for": no repository is known, or no watermark was read. "not found": no
        repository that answered has it. "refused": what was found isn't as it was signed, was
        withdrawn or had expired, or is of another watermark. "found" says nothing of trust: that
        is an answer of the credential.
    algorithm, payload
        The soft binding (C2PA 2.2, 18.10) by which it was looked for; 16 hexadecimal digits.
    repository
        From which it is, as the operator named it.
    manifest
        Its identifier there.
    credential
        Its answers, as those of a file, but for the hash of the file.
    hard_binding
        What is to be said of that hash.
    embedded
        Whether the file carries a credential, too: the same, another of the same signer, or one of
        another signer; C2PA's soft binding API names the latter UC2, or UC3 where the watermark
        may be what was put in place of another.
    photo_width, photo_height
        Of the signed photo, in pixels.
    others
        What else was found, in sentences.
    problems
        What kept a repository or a manifest of it from being used, in sentences.
    """

    state: Literal["not looked for", "not found", "found", "refused"] = "not looked for"
    algorithm: str | None = None
    payload: str | None = None
    repository: str | None = None
    manifest: str | None = None
    credential: Credential | None = None
    hard_binding: str | None = None
    embedded: Literal["none", "same", "another", "of another signer"] = "none"
    photo_width: int | None = None
    photo_height: int | None = None
    others: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class GlobalChange(_Record):
    """A change of the whole picture, such as "cropped"; ``words`` go on from "The picture was"."""

    kind: str
    words: str
    amount: float | None = None


class ChangedRegion(_Record):
    """A part whose content differs from what was signed, in pixels of the upright picture.

    Attributes
    ----------
    right, bottom
        Outside of it.
    confidence
        How surely its content differs.
    """

    left: int
    top: int
    right: int
    bottom: int
    confidence: Probability


class ChangeMap(_Record):
    """How surely each part of the picture differs from what was signed, row by row, upright.

    Attributes
    ----------
    cell
        Side of a part, in pixels of the picture.
    """

    cell: float
    rows: int
    columns: int
    values: tuple[Probability, ...]


class ComparisonFacts(_Record):
    """The picture beside the reference picture that was signed with the recovered credential.

    Attributes
    ----------
    result
        "same": all that could be compared shows what was signed. "another picture": the watermark
        is of another photo than the one that is seen. "not comparable": too little is left to say.
    changes
        Of the whole picture.
    regions
        Where its content differs, surest first.
    smallest
        Share of the picture from which a change of content is likely seen.
    """

    result: Literal["not made", "same", "changed in parts", "another picture", "not comparable"] = (
        "not made"
    )
    changes: tuple[GlobalChange, ...] = ()
    regions: tuple[ChangedRegion, ...] = ()
    map: ChangeMap | None = None
    smallest: Probability | None = None
    words: tuple[str, ...] = ()


class Verdict(_Record):
    """The conclusion, its two grounds apart.

    Attributes
    ----------
    level
        "established": by a signature, and where the credential was recovered by a comparison with
        what it signed; else how strong the statistics are: "moderate" at most
        without a signature that holds, since a picture shown to a camera looks like its captures.
    integrity, statistics
        What the facts and what the detectors say, each in a sentence.
    unknown
        What can't be known from this file.
    next_steps
        What to do next, the most useful first; empty in reports of earlier versions.
    headline
        What was found, in one sentence without its full stop; "" in reports of earlier versions.
    """

    label: VerdictLabel
    level: Level
    summary: str
    integrity: str
    statistics: str
    reasons: tuple[str, ...]
    unknown: tuple[str, ...]
    next_steps: tuple[str, ...] = ()
    headline: str = ""


class ReportRecord(_Record):
    """All that is known of one photo, as data; `verifier.report.report.Report` shows it.

    Reports of schema versions 1 and 2 are read as well, and become ones of version 3.
    """

    schema_version: Literal[3] = 3
    verifier_version: str
    input: InputFacts
    credential: Credential
    channel: ChannelReading
    detectors: tuple[DetectorResult, ...]
    watermark: WatermarkFacts = WatermarkFacts()
    recovered: RecoveredFacts = RecoveredFacts()
    comparison: ComparisonFacts = ComparisonFacts()
    stability: Stability
    verdict: Verdict
    seconds: dict[str, float]

    _preview: Preview | None = PrivateAttr(default=None)
    _signed_picture: SignedPicture | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _of_an_earlier_version(cls, content: Any) -> Any:
        """Read a report that an earlier verifier wrote."""
        if isinstance(content, dict) and content.get("schema_version") == 1:
            content = as_version_2(content)
        if isinstance(content, dict) and content.get("schema_version") == 2:
            content = as_version_3(content)
        return content

    @property
    def preview(self) -> Preview | None:
        """The picture made small, for the HTML report; not part of the JSON."""
        return self._preview

    def with_preview(self, preview: Preview | None) -> Self:
        """Return the same report with a picture for its HTML."""
        copy = self.model_copy()
        copy._preview = preview
        return copy

    @property
    def signed_picture(self) -> SignedPicture | None:
        """The signed reference picture, for the HTML report; not part of the JSON."""
        return self._signed_picture

    def with_pictures(self, preview: Preview | None, signed: SignedPicture | None) -> Self:
        """Return the same report with both pictures for its HTML."""
        copy = self.with_preview(preview)
        copy._signed_picture = signed
        return copy
