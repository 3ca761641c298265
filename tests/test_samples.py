"""The recordings that come along: nobody of them trained a shipped model, and they are what they are called."""

import pytest

from emospike import store
from emospike.clip import Clip
from emospike.datasets.ravdess import parse
from emospike.samples import HERE, SAMPLES, copy_samples
from emospike.validation import InputError


def test_all_are_told_of_with_what_is_played_and_under_which_licence():
    recordings = {path.name for path in HERE.iterdir() if path.suffix not in (".py", ".md", "") and path.is_file()}
    assert recordings == set(SAMPLES)
    licence = (HERE / "README.md").read_text(encoding="utf-8")
    assert "CC BY-NC-SA 4.0" in licence
    for name, what in SAMPLES.items():
        facts = parse(name.partition(".")[0])
        assert (facts["emotion"], facts["actor"]) == (what.partition(",")[0], "01")
        assert name in licence


def test_no_shipped_model_learnt_from_who_speaks():
    for name in store.list_shipped_models():
        card = store.read_card(name)
        assert not {"01", "ravdess:01"} & set(card["speakers"]), name


@pytest.mark.parametrize(
    ("name", "label", "answered"),
    [
        ("03-01-02-01-01-02-01.flac", "low", True),
        ("03-01-08-01-01-02-01.flac", "low", False),
        ("01-01-04-01-02-01-01.mp4", "low", True),
    ],
)
def test_what_is_heard_in_them(name, label, answered):
    decision = store.load("excube2-arousal").decide(Clip(HERE / name))
    assert (decision.label, decision.answered) == (label, answered)


def test_they_are_copied_with_their_licence_and_nothing_is_written_over(tmp_path):
    folder = tmp_path / "new" / "samples"
    assert [path.name for path in copy_samples(folder)] == list(SAMPLES)
    assert (folder / "SAMPLES.md").read_bytes() == (HERE / "README.md").read_bytes()
    copy_samples(folder)
    other = tmp_path / "other"
    other.mkdir()
    (other / "README.md").write_text("mine")
    copy_samples(other)
    (folder / "SAMPLES.md").write_text("mine")
    (folder / next(iter(SAMPLES))).unlink()
    with pytest.raises(InputError, match=r"SAMPLES\.md is there already, and is another file"):
        copy_samples(folder)
    assert {(folder / "SAMPLES.md").read_text(), (other / "README.md").read_text()} == {"mine"}
    assert not (folder / next(iter(SAMPLES))).exists()


def test_they_are_not_for_commercial_use(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOSPIKE_LICENCE", "commercial")
    with pytest.raises(InputError, match="not for commercial use"):
        copy_samples(tmp_path / "samples")
    assert not (tmp_path / "samples").exists()
