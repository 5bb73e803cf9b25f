"""One object says what a verifier goes by, in every process that it starts."""

import json
import pickle
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import pytest

from tests.verifier.signing import Chain
from tests.verifier.watermark.made import GROUP
from verifier import Limits, Settings, SettingsError, Verifier
from verifier.archive import ArchiveOptions
from verifier.archive.analysis import _verifier
from watermark.key_files import write_key_file


def test_certificates_are_read_from_text_or_file_alike(chain: Chain, tmp_path: Path) -> None:
    path = tmp_path / "anchors.pem"
    path.write_text(chain.root, encoding="utf-8")
    made = [Settings(trust_anchors=given) for given in (chain.root, path, str(path))]
    assert {settings.pem for settings in made} == {(chain.root, None)}
    assert len(set(made)) == 1


def test_it_is_the_same_after_a_message(chain: Chain) -> None:
    settings = Settings(chain.root, None, Limits(seconds=3), ("twitter",), 2)
    message = json.loads(json.dumps(settings.message()))
    assert Settings.of_message(message) == replace(settings, watermark_keys=())
    ours = {"watermark_keys", "repositories", "measuring_services", "added_detectors"}
    assert {field.name for field in fields(Settings)} - ours == message.keys()


def test_repositories_stay_in_this_process(tmp_path: Path) -> None:
    """The process that reads strangers' photos asks nobody."""
    settings = Settings(
        repositories=[tmp_path, "https://one.example/v1", tmp_path],
        measuring_services=["https://one.example/v1"],
    )
    assert settings.repositories == (tmp_path, "https://one.example/v1")
    assert Settings(repositories=str(tmp_path)).repositories == (str(tmp_path),)
    assert "one.example" not in json.dumps(settings.message())
    assert Settings.of_message(settings.message()).repositories == ()
    assert Settings.of_message(settings.message()).measuring_services == ()
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert hash(settings) == hash(pickle.loads(pickle.dumps(settings)))


def test_keys_stay_in_this_process(tmp_path: Path) -> None:
    """Neither the process that reads strangers' photos nor a log gets them."""
    write_key_file(tmp_path / "agency.json", GROUP)
    settings = Settings(watermark_keys=[tmp_path / "agency.json"])
    assert settings.watermark_keys == (GROUP,)
    assert Settings(watermark_keys=str(tmp_path / "agency.json")) == settings
    told = json.dumps(settings.message()) + repr(settings) + str(settings)
    for secret in (GROUP.secret.hex(), repr(GROUP.secret), str(list(GROUP.secret))):
        assert secret not in told
    assert "watermark_keys" not in settings.message()
    assert Settings.of_message(settings.message()).watermark_keys == ()
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_it_is_frozen_and_hashable() -> None:
    settings = Settings(resend_through=["twitter"])  # type: ignore[arg-type]
    assert settings.resend_through == ("twitter",)
    assert hash(settings) == hash(Settings(resend_through=("twitter",)))
    with pytest.raises(FrozenInstanceError):
        settings.threads = 3  # type: ignore[misc]


def test_every_constructor_takes_it_or_single_fields(toy_folder: Path) -> None:
    settings = Settings(limits=Limits(seconds=3), resend_through=(), threads=2)
    given = {"limits": Limits(seconds=3), "resend_through": (), "threads": 2}
    for first, second in (
        (Verifier.default(settings), Verifier.default(**given)),
        (Verifier.from_weights(toy_folder, settings), Verifier.from_weights(toy_folder, **given)),
    ):
        assert first.settings == second.settings == settings
    facts = Verifier.facts_only(settings), Verifier.facts_only(limits=Limits(seconds=3), threads=2)
    assert {one.settings for one in facts} == {replace(settings, watermark_keys=())}
    one = Verifier.default(settings, threads=1)
    assert (one.settings.threads, one.settings.limits) == (1, Limits(seconds=3))
    with pytest.raises(TypeError, match="patience"):
        Verifier.default(patience=3)


def test_threads_are_a_parameter_of_models_and_survive_pickling(toy_folder: Path) -> None:
    verifier = Verifier.from_weights(toy_folder, threads=3)
    for made in (verifier, pickle.loads(pickle.dumps(verifier))):
        [model] = made.detectors[0]._models
        assert model._threads == 3


def test_a_worker_of_an_archive_shares_the_cores(toy_folder: Path) -> None:
    settings = Settings(limits=Limits(seconds=3, workers=8), resend_through=())
    by = _verifier(ArchiveOptions(toy_folder, settings)).settings
    assert (by.threads, by.limits, by.resend_through) == (1, Limits(seconds=3, workers=1), ())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"threads": -1}, "threads can't be negative, and is -1"),
        ({"resend_through": ("myspace",)}, "'myspace'"),
        ({"trust_anchors": "nowhere.pem"}, "the trust anchors in nowhere.pem can't be read"),
        ({"watermark_keys": ["nowhere.json"]}, "nowhere.json can't be read"),
        ({"revocation_lists": "nowhere.pem"}, "the revocation lists in nowhere.pem can't be read"),
    ],
)
def test_what_is_no_setting_is_refused_in_one_sentence(given: dict, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Settings(**given)
