"""Clip means as face-tracking tables."""

from types import SimpleNamespace

import numpy as np
import pytest
from means_as_tables import borrow, fold_of, link_recordings, write_tables

from emospike.clip import Clip
from emospike.datasets import load
from emospike.features.action_units import ActionUnits
from emospike.features.openface import read_table


@pytest.fixture(scope="module")
def folder(ravdess, tmp_path_factory):
    """Tables of all clips, beside links to the sounds of one actor."""
    tables = tmp_path_factory.mktemp("tables") / "new"
    face = ravdess / "face"
    for _ in range(2):  # again does no harm
        assert write_tables(face / "openface_clip_means.npz", face / "openface", tables) == (144, 1056)
        assert link_recordings(ravdess / "audio" / "Actor_02", tables) == 60
    return tables


def test_made_tables_have_the_means_and_move(ravdess, folder):
    with np.load(ravdess / "face" / "openface_clip_means.npz") as data:
        means = dict(zip(data["clip"].tolist(), data["openface_static_mean"][:, :17].astype(float), strict=True))
    made = [path for path in sorted(folder.glob("01-*.csv")) if not path.is_symlink()][::50]
    for path in made:
        track, mean = read_table(path), means[path.stem]
        shown = track.values.mean(axis=0)
        assert np.corrcoef(shown, mean)[0, 1] > 0.9  # clipped at 5, and units that the donor does not show stay 0
        assert np.median(track.values.std(axis=0)) > 0


def test_known_tracks_stay_as_they_are(ravdess, folder):
    name = "01-01-03-01-01-01-02.csv.gz"
    assert (folder / name).resolve() == (ravdess / "face" / "openface" / name).resolve()


def test_tables_that_are_alike_all_move_as_another_clip(ravdess, tmp_path):
    face = ravdess / "face"
    name, clips = "01-01-03-01-01-01-02", ["01-01-03-01-01-01-02", "01-01-05-01-01-01-14"]
    with np.load(face / "openface_clip_means.npz") as data:
        chosen = np.isin(data["clip"], clips)
        few = {key: data[key][chosen] if len(data[key]) == len(chosen) else data[key] for key in data.files}
    np.savez(tmp_path / "few.npz", **few)
    tracks = tmp_path / "tracks"
    tracks.mkdir()
    for donor in (name, "01-01-04-01-01-01-02"):
        (tracks / f"{donor}.csv.gz").symlink_to(face / "openface" / f"{donor}.csv.gz")
    assert write_tables(tmp_path / "few.npz", tracks, tmp_path / "made", alike=True) == (0, 2)
    made, own, other = (
        read_table(path).values
        for path in (
            tmp_path / "made" / f"{name}.csv", tracks / f"{name}.csv.gz", tracks / "01-01-04-01-01-01-02.csv.gz"
        )
    )  # fmt: skip
    assert len(made) == len(other) != len(own)
    shown = other.mean(axis=0) > 0.3
    np.testing.assert_allclose(made.mean(axis=0)[shown], own.mean(axis=0)[shown], atol=0.05)


def test_who_shows_little_borrows_where_something_is_shown():
    still, lively = (
        SimpleNamespace(values=np.float32([[low], [high]]), found=np.array([True, True]))
        for low, high in ((1.0, 1.0), (0.1, 1.9))
    )
    donor, values = borrow(np.array([0.6]), [still, lively])
    assert donor is lively
    assert values.ravel().tolist() == pytest.approx([0.06, 1.14])
    donor, values = borrow(np.array([0.3]), [still, lively])
    assert donor is still
    assert values.ravel().tolist() == pytest.approx([0.3, 0.3])


def test_movements_come_from_the_same_fold():
    assert fold_of("01-01-05-01-01-01-14") == fold_of("01-01-03-01-01-01-02")
    assert fold_of("01-01-05-01-01-01-14") != fold_of("01-01-03-01-01-01-03")


def test_a_folder_with_links_is_a_data_set_of_both_senses(folder):
    dataset = load(folder, video=True)
    assert len(dataset) == 1200
    both = dataset.select_modality("both")
    assert len(both) == 60
    clip: Clip = both.clips()[0]
    series = ActionUnits().extract(clip)
    assert len(series) == len(clip.sound) // 160 + 1
