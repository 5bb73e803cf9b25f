from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

import channel
from channel import ORIGINAL, PLATFORMS, TWITTER
from channel.errors import ChannelValueError
from channel.evaluation.headers import ERAS, header_agreements
from channel.profile import ASPECTS, Confidence, Encoding, Tables, annex_k

AMERINI = {"Facebook", "Flickr", "Google+", "Instagram", "Telegram", "Twitter", "WhatsApp"}


def test_the_seven_platforms_of_amerini_and_more_are_there() -> None:
    platforms = {profile.platform for profile in PLATFORMS}
    others = {"Messenger", "LinkedIn", "Signal", "Mastodon", "Bluesky", "Discord", "Slack"}
    assert platforms >= AMERINI | others
    assert ORIGINAL in PLATFORMS


def test_names_are_unique_and_words() -> None:
    names = [profile.name for profile in PLATFORMS]
    assert len(set(names)) == len(names)
    assert all(name == name.lower() and " " not in name for name in names)


@pytest.mark.parametrize("profile", PLATFORMS, ids=lambda profile: profile.name)
def test_every_value_has_a_source_with_its_year(profile: channel.PlatformProfile) -> None:
    for aspect in ASPECTS:
        source = profile.sources[aspect]
        assert source.where
        assert (
            source.confidence is Confidence.ASSUMED
            or any(c.isdigit() for c in source.year)
            or (profile is ORIGINAL)
        )


def test_a_profile_without_a_source_is_refused() -> None:
    sources = {aspect: TWITTER.sources[aspect] for aspect in ASPECTS if aspect != "scan"}
    with pytest.raises(ChannelValueError, match=r"'twitter' gives no source for \['scan'\]"):
        replace(TWITTER, sources=sources)


def test_a_profile_without_an_encoding_is_refused() -> None:
    with pytest.raises(ChannelValueError, match="has no encoding"):
        replace(TWITTER, encodings=())


@pytest.mark.parametrize("steps", [(1,) * 63, (0,) * 64, (65536,) * 64])
def test_impossible_tables_are_refused(steps: tuple[int, ...]) -> None:
    with pytest.raises(ChannelValueError, match="must each have 64 steps"):
        Tables("bad", steps, (1,) * 64)


def test_profiles_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        TWITTER.name = "x"


def test_draws_follow_how_often_files_were_seen() -> None:
    import numpy as np

    profile = replace(
        TWITTER, encodings=(Encoding(annex_k(50), files=3), Encoding(annex_k(60), files=1))
    )
    generator = np.random.default_rng(0)
    drawn = [profile.drawn(generator)[1] for _ in range(2000)]
    assert drawn.count(profile.encodings[0]) / 2000 == pytest.approx(0.75, abs=0.03)


def test_profiles_are_what_the_majority_of_real_headers_says(shared_data: Path) -> None:
    found = list(header_agreements(shared_data))
    assert [agreement.era for agreement in found] == list(ERAS)
    for agreement in found:
        assert agreement.tables, agreement
        assert agreement.subsampling, agreement
        assert agreement.scan, agreement
        assert agreement.side_agrees is not False, agreement


def test_the_public_surface_is_what_it_says() -> None:
    assert sorted(channel.__all__) == sorted(set(channel.__all__))
    assert all(hasattr(channel, name) for name in channel.__all__)
