"""Platform of origin: histograms, uploads, header likelihoods, the detector and its tables."""

import dataclasses
import functools
import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.fft import dctn

from channel import PLATFORMS, transmit
from channel.jpeg_tables import zigzag
from channel.profile import annex_k
from tests.channel.conftest import photo
from tests.verifier.conftest import Camsim, jpeg
from tests.verifier.detectors.toy_platform import NAME, toy_platform
from verifier import Verifier
from verifier.detectors.platform import PlatformDetector
from verifier.errors import ScoresError
from verifier.evaluation.fitting import Rates, fit
from verifier.evaluation.platform import tables
from verifier.evaluation.platform.bench import (
    Record,
    Sent,
    kept_pictures,
    read_records,
    record_of,
    sent_picture,
)
from verifier.evaluation.platform.classes import CLASSES, EDITOR, EIGHT, IN_2016, THREE
from verifier.evaluation.platform.headers import judged, read_header_rows, score_headers
from verifier.evaluation.record_lines import write_records
from verifier.evaluation.scores import Row, Scores, read_scores
from verifier.evaluation.uploads import (
    downloaded,
    drawn_classes,
    drawn_upload,
    is_untouched,
    pixels_of,
)
from verifier.features.dct_histogram import PATCH_BINS, luma, patch_histograms
from verifier.features.header_likelihood import NONE, PlatformLikelihood, header_likelihoods
from verifier.features.jpeg_header import JpegHeader, jpeg_header
from verifier.report.record import DetectorResult
from verifier.weights import read_manifest


def header_of(data: bytes) -> JpegHeader:
    header = jpeg_header(data)
    assert header is not None
    return header


def likelihoods(data: bytes) -> dict[str, PlatformLikelihood]:
    return {one.platform: one for one in header_likelihoods(header_of(data))}


def platform_result(verifier: Verifier, data: bytes) -> DetectorResult:
    return next(r for r in verifier.analyze(data).detectors if r.name == "platform")


def png(pixels: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


# The 909-vector


def test_the_histograms_are_those_of_scipys_dct() -> None:
    pixels = photo(128, 192)
    [counts] = patch_histograms(pixels, [(64, 8)])
    plane = luma(pixels)[8:72, 64:128] - 128
    expected = np.zeros((9, 101), int)
    for top in range(0, 64, 8):
        for left in range(0, 64, 8):
            block = dctn(plane[top : top + 8, left : left + 8], norm="ortho").ravel()
            for row, place in enumerate(zigzag()[1:10]):
                level = round(float(block[place]))
                if abs(level) <= 50:
                    expected[row, level + 50] += 1
    difference = np.abs(counts.reshape(9, 101).astype(int) - expected).sum()
    assert difference <= 4  # float32 may round a half the other way
    assert counts.dtype == np.uint8
    assert counts.shape == (PATCH_BINS,)


def test_a_flat_patch_has_zeros_alone() -> None:
    [counts] = patch_histograms(np.full((64, 64, 3), 77, np.uint8), [(0, 0)])
    assert counts.reshape(9, 101)[:, 50].tolist() == [64] * 9
    assert counts.sum() == 9 * 64


def test_coded_patches_have_multiples_of_the_step() -> None:
    step = 11 * 2  # luma (0, 1) of Annex K at quality 25 is 22
    pixels = pixels_of(jpeg(photo(128, 128), quality=25))
    counts = patch_histograms(pixels, [(0, 0), (64, 0), (0, 64), (64, 64)]).sum(0)[:101]
    near = [level for level in range(-50, 51) if min(level % step, -level % step) <= 2]
    assert counts[[level + 50 for level in near]].sum() > 0.9 * counts.sum()


# Uploads and classes


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31))
def test_an_upload_has_the_quality_and_size_that_were_asked_for(seed: int) -> None:
    upload = drawn_upload(photo(300, 260), np.random.default_rng(seed), (200, 500))
    header = header_of(upload)
    assert 199 <= max(header.width, header.height) <= 501
    assert header.luma in {annex_k(quality).luma for quality in range(50, 96)}
    assert upload == drawn_upload(photo(300, 260), np.random.default_rng(seed), (200, 500))


def test_every_class_is_served_of_the_same_upload() -> None:
    upload = drawn_upload(photo(400, 500), np.random.default_rng(3), (400, 500))
    got = dict(drawn_classes(upload, CLASSES, 7))
    assert list(got) == list(range(9))
    assert got[EIGHT.index("original")].data == upload
    assert all(got[i].profile in CLASSES[i].profiles for i in got)


def test_classes_are_profiles_and_none_stands_for_two() -> None:
    names = [profile for one in CLASSES for profile in one.profiles]
    assert len(set(names)) == len(names)
    assert set(names) - {EDITOR} <= {p.name for p in PLATFORMS}
    assert [one.name for one in CLASSES[:8]] == list(EIGHT)
    assert set(THREE) < set(EIGHT)
    assert set(IN_2016) == set(EIGHT)


@pytest.mark.parametrize(
    ("profile", "quality", "untouched"),
    [
        ("google+", 70, True),  # passes on what fits
        ("twitter", 85, True),  # codes by the same tables
        ("twitter", 70, False),
        ("telegram", 87, True),
        ("whatsapp-2016", 87, False),
    ],
)
def test_untouched_is_what_luma_cannot_tell(profile: str, quality: int, untouched: bool) -> None:
    upload = jpeg(photo(300, 400), quality=quality, subsampling=2)
    assert downloaded(upload, profile, 0).untouched is untouched


def test_a_resized_copy_is_not_untouched() -> None:
    upload = jpeg(photo(900, 1200), quality=71, subsampling=2)
    assert not is_untouched(upload, transmit(upload, "facebook-2016", seed=1))
    assert is_untouched(upload, upload)


# The header


RECOGNISED = [
    p.name
    for p in PLATFORMS
    if p.passthrough == "never"
    and any(encoding.tables for encoding in p.encodings)
    and p.sources["tables"].confidence.name in ("MEASURED", "OBSERVED")
]


@pytest.mark.slow
@pytest.mark.parametrize("profile", RECOGNISED)
def test_what_a_platform_serves_speaks_for_it(profile: str) -> None:
    platform = next(p.platform for p in PLATFORMS if p.name == profile)
    data = transmit(jpeg(photo(600, 800), quality=96), profile)
    found = [one for one in header_likelihoods(header_of(data)) if one.platform != NONE]
    best = found[0].ratio
    assert next(one.ratio for one in found if one.platform == platform) >= 0.2 * best > 0.2


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 100), st.sampled_from([0, 1, 2]), st.booleans(), st.integers(16, 200))
def test_probabilities_add_up_to_one(
    quality: int, subsampling: int, progressive: bool, side: int
) -> None:
    data = jpeg(
        photo(side, side), quality=quality, subsampling=subsampling, progressive=progressive
    )
    found = header_likelihoods(header_of(data))
    assert sum(one.probability for one in found) == pytest.approx(1)
    assert [one.probability for one in found] == sorted(
        (o.probability for o in found), reverse=True
    )


def test_anybodys_file_is_of_none_and_a_mark_outweighs_all() -> None:
    anybody = likelihoods(jpeg(photo(300, 400), quality=75, subsampling=2))
    assert anybody[NONE].probability > 0.8
    instagram = likelihoods(transmit(jpeg(photo(300, 400)), "instagram"))
    assert instagram["Instagram"].probability > 0.99
    assert instagram["Instagram"].profile == "instagram"


def test_without_marks_meta_is_less_sure() -> None:
    header = header_of(transmit(jpeg(photo(300, 400)), "instagram-2016"))
    whole = max(o.probability for o in header_likelihoods(header) if o.platform == "Instagram")
    bare = dataclasses.replace(header, fbmd=None, fbmd_whole=False)
    cues = ("tables", "subsampling", "scans", "size")
    rest = max(o.probability for o in header_likelihoods(bare, cues) if o.platform == "Instagram")
    assert rest < whole


# The detector


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_platform(tmp_path_factory.mktemp("platform"))


def test_pixels_are_a_hint_where_there_is_no_header(toy: Path) -> None:
    coarse = pixels_of(jpeg(photo(384, 512), quality=8))
    with Verifier.from_weights(toy) as verifier:
        found = platform_result(verifier, png(coarse))
        report = verifier.analyze(png(coarse))
    assert (found.answer, found.platforms, found.finding) == (None, (), "none")
    assert any("look as Facebook coded pictures in 2016" in reason for reason in found.reasons)
    assert any("names no platform" in reason for reason in found.reasons)
    assert (found.patch_map, found.probabilities) == (None, {})
    assert found.patches == 48
    assert max(found.scores.values()) == found.scores["facebook"]
    assert report.verdict.label == "inconclusive"
    assert "No detector could give an answer" in report.verdict.statistics
    assert "Platform: None can be named: the file isn't JPEG." in report.to_text()


def test_the_header_outweighs_the_pixels(toy: Path) -> None:
    coarse = pixels_of(jpeg(photo(384, 512), quality=8))
    with Verifier.from_weights(toy) as verifier:
        found = platform_result(verifier, transmit(png(coarse), "instagram"))
    assert found.answer == "Instagram"
    assert found.answer_words == "Instagram, going by Meta's FBMD trailer"
    assert (found.model, found.patch_map) == (None, None)  # its coding is later than the model


def test_pixels_that_agree_with_a_mark_are_shown(toy: Path) -> None:
    coarse = pixels_of(jpeg(photo(384, 512), quality=8))
    with Verifier.from_weights(toy) as verifier:
        found = platform_result(verifier, transmit(png(coarse), "facebook-2016"))
    assert found.answer == "Facebook"
    assert "The pixels look as Facebook coded pictures in 2016, too." in found.reasons
    assert found.probabilities["facebook"] > 0.9
    assert found.patch_map is not None
    assert found.patch_map.high == "looks like Facebook"


@pytest.mark.slow
def test_it_says_when_it_cannot_tell(toy: Path, tmp_path: Path) -> None:
    fine = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    with Verifier.from_weights(toy) as verifier:
        for picture in (photo(40, 40), photo(100, 600), fine):
            found = platform_result(verifier, png(picture))
            assert (found.status, found.finding) == ("abstained", "none")
            assert (found.platforms, found.probabilities) == ((), {})
    with Verifier.from_weights(toy_platform(tmp_path, None)) as verifier:
        found = platform_result(verifier, png(photo(300, 300)))
        assert (found.status, found.probabilities) == ("abstained", {})
    with Verifier([PlatformDetector(())]) as verifier:
        assert platform_result(verifier, png(photo(300, 300))).status == "abstained"
        named = platform_result(verifier, transmit(png(photo(300, 300)), "instagram"))
        assert (named.answer, named.model) == ("Instagram", None)


def test_a_file_that_was_saved_again_after_meta_says_so(toy: Path) -> None:
    data = transmit(jpeg(photo(300, 400)), "instagram")
    longer = data[:-2] + b"\xff\xfe\x00\x02" + data[-2:]  # any change of the length
    with Verifier.from_weights(toy) as verifier:
        report = verifier.analyze(longer)
    assert report.channel.earlier is not None
    assert report.channel.earlier.platform == "Meta"


@pytest.mark.slow
def test_facebook_then_whatsapp_names_neither() -> None:
    """Neither leaves a mark behind: WhatsApp's server of 2016 strips Facebook's."""
    upload = jpeg(photo(1050, 1400), quality=93)
    data = transmit(upload, ["facebook-2016", "whatsapp-2016"], seed=0)
    with Verifier([PlatformDetector(())]) as verifier:
        report = verifier.analyze(data)
    assert report.channel.double_compression.found
    assert (report.channel.platform, report.channel.earlier) == (None, None)


# Measuring


def record(
    truth: str = "twitter", eight: tuple[int, ...] | None = None, **changes: object
) -> Record:
    place = EIGHT.index(truth)
    values: dict[str, object] = {
        "photo": "a", "truth": truth, "profile": IN_2016[truth], "before": "", "quality": 80,
        "paper": True, "tables": truth, "width": 640, "height": 480, "untouched": False,
        "jpeg": True, "named": "", "earlier": "",
    }  # fmt: skip
    votes = eight or tuple(10 if i == place else 0 for i in range(8))
    return Record(Sent(**(values | changes)), votes, (0, 0, 10), (-3.0,) * 9, 10)


def test_patches_and_majorities_are_counted_by_class() -> None:
    mixed = tuple(6 if name == "twitter" else 4 if name == "telegram" else 0 for name in EIGHT)
    records = [
        record(eight=mixed),
        record("telegram", eight=tuple(10 if name == "twitter" else 0 for name in EIGHT)),
        record("google+", untouched=True),
        record("twitter", before="facebook"),
    ]  # fmt: skip
    kept = tables.in_2016(records)
    assert len(kept) == 2
    patches, pictures = tables.patch_confusion(kept), tables.picture_confusion(kept)
    twitter, telegram = EIGHT.index("twitter"), EIGHT.index("telegram")
    assert (patches[twitter, twitter], patches[twitter, telegram]) == (6, 4)
    assert pictures[twitter, twitter] == pictures[telegram, twitter] == 1
    assert tables.mean_accuracy(patches) == pytest.approx(0.3)
    assert "| google+ | 0 | 0 | – | – | 1 |" in tables.classes_table(records)


def test_tables_of_a_commoner_class_are_left_out() -> None:
    records = [record(), record(), record("original", tables="twitter"), record("original")]
    kept = [r.sent.truth for r in tables.apart(records)]
    assert kept == ["twitter", "twitter", "original"]


def test_records_come_back_as_they_were_written(tmp_path: Path) -> None:
    records = [record(), record("facebook")]
    write_records(tmp_path / "kept.jsonl", records)
    assert read_records(tmp_path / "kept.jsonl") == records
    assert [path.name for path in tmp_path.iterdir()] == ["kept.jsonl"]
    (tmp_path / "kept.jsonl").write_text("{}\n")
    with pytest.raises(ScoresError, match="holds no records"):
        read_records(tmp_path / "kept.jsonl")


@pytest.fixture
def small_uploads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads of thumbnails, so that sending takes no time."""
    small = functools.partial(drawn_upload, long_sides=(200, 300))
    monkeypatch.setattr("verifier.evaluation.platform.bench.drawn_upload", small)


@pytest.mark.usefixtures("small_uploads")
def test_what_was_sent_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(photo(200, 260)))
    first = kept_pictures(tmp_path / "a.png", 0, 1, tmp_path / "sent")
    assert [path.name for path in (tmp_path / "sent").iterdir()] == ["00000-a.npz"]
    (tmp_path / "a.png").unlink()
    again = kept_pictures(tmp_path / "a.png", 0, 1, tmp_path / "sent")
    assert [sent for sent, _ in first] == [sent for sent, _ in again]
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(first, again, strict=True))
    assert {sent.truth for sent, _ in first} >= {"facebook", "original", "other"}
    assert sum(bool(sent.before) for sent, _ in first) == 3
    assert all(sent.quality % 5 == 0 for sent, _ in first if sent.paper)
    (tmp_path / "sent" / "00000-a.npz").write_bytes(b"no")
    with pytest.raises(ScoresError, match="holds no pictures"):
        kept_pictures(tmp_path / "a.png", 0, 1, tmp_path / "sent")


def test_a_model_of_platforms_is_calibrated(toy: Path) -> None:
    entry = read_manifest(toy).find(NAME)
    labels = tuple(label.name for label in entry.labels)
    rng = np.random.default_rng(0)
    rows = []
    for number in range(400):
        truth = int(rng.integers(9))
        logits = rng.normal(size=9) + 5 * np.eye(9)[truth]
        mean_log = tuple(logits - np.log(np.exp(logits).sum()))
        rows.append(Row(f"{number}", f"{number}", labels[truth], "none", "", 20, mean_log))
    found = fit(entry, Scores(labels, tuple(rows)), Rates(), data="made")
    calibration = found.calibration
    assert (calibration.edited, calibration.native) == (None, None)
    assert calibration.named is not None
    assert calibration.none is not None
    assert calibration.named.false_alarm_rate <= 0.06
    assert calibration.none.false_alarm_rate <= 0.06
    assert found.answered > 0.5
    assert found.right_of_answered > 0.95


def test_the_command_refuses_what_it_cannot_measure(
    camsim: Camsim, toy: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    ran = camsim("evaluate", "platform", empty, "--weights", toy, "--out", tmp_path / "out")
    assert (ran.status, ran.out) == (2, "")
    assert "holds no pictures" in ran.err
    ran = camsim("evaluate", "platform", empty, "--weights", empty, "--out", tmp_path / "out")
    assert ran.status == 2
    assert "holds no manifest.json" in ran.err


@pytest.mark.slow
@pytest.mark.usefixtures("small_uploads")
def test_the_command_prints_every_table_from_what_it_kept(
    camsim: Camsim, toy: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(2):
        (folder / f"{number}.png").write_bytes(png(photo(200, 260, number)))
    words = ("evaluate", "platform", folder, "--weights", toy, "--out", tmp_path / "out")
    ran = camsim(*words)
    assert ran.status == 0, ran.err
    for title in ("**mean of eight**", "**mean of three**", "pixels' hint right", "last platform"):
        assert title in ran.out
    assert (tmp_path / "out" / "platform-confusion.png").stat().st_size > 10_000
    labels = read_scores(tmp_path / "out" / "scores.csv").labels
    assert labels == tuple(one.name for one in CLASSES)
    shutil.rmtree(tmp_path / "out" / "sent")
    assert camsim(*words).out == ran.out


@pytest.mark.slow
def test_real_headers(shared_folder: Path) -> None:
    path = shared_folder / "data" / "network_headers.csv"
    if not path.exists():
        pytest.skip("there is no network_headers.csv")
    scores = score_headers(read_header_rows(path))
    assert sum(score.wrong.total() for score in scores) == 0
    by_name = {(s.platform, s.basis): s for s in scores}
    instagram = by_name["Instagram", "claimed"]
    assert (instagram.right + instagram.meta) / instagram.files > 0.9
    twitter = by_name["Twitter", "known"]
    assert (twitter.unnamed, twitter.right) == (twitter.files, 0)  # Pillow writes the same
    assert twitter.likeliest[0] / twitter.files > 0.8


@pytest.mark.parametrize(
    ("named", "truth", "expected"),
    [
        ("", "Twitter", "unnamed"),
        ("Twitter", "Twitter", "right"),
        ("Meta", "Messenger", "meta"),
        ("Meta", "Twitter", "wrong"),
        ("Facebook", "none", "wrong"),
    ],
)
def test_names_are_judged(named: str, truth: str, expected: str) -> None:
    assert judged(named, truth) == expected


def test_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("one,two\n1,2\n")
    with pytest.raises(ScoresError, match="isn't a table of JPEG headers"):
        read_header_rows(tmp_path / "a.csv")


# The shipped model


@pytest.fixture(scope="module")
def shipped() -> PlatformDetector:
    return PlatformDetector.from_weights()


def test_the_shipped_model_names_real_files_of_2016(
    shipped: PlatformDetector, shared_folder: Path
) -> None:
    folder = shared_folder / "data" / "networks" / "uploads-2016" / "b"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder.name} of 2016")
    right = 0
    for name in ("facebook", "flickr", "instagram", "telegram", "twitter", "whatsapp"):
        data = (folder / f"{name}.jpg").read_bytes()
        upload = (folder / "original.jpg").read_bytes()
        [picture] = sent_picture(data, pixels_of(data), upload, photo="b", truth=name, profile=name)
        found = record_of(picture, shipped._models[0])
        right += EIGHT[int(np.argmax(found.eight))] == name
    assert right >= 5
