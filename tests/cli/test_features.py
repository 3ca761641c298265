"""`emospike features`."""

import pandas as pd
import pytest
import soundfile

from emospike.clip.synthetic import synthesise_speech


@pytest.fixture
def voices(tmp_path):
    """A folder with two recordings and one that is broken."""
    folder = tmp_path / "voices"
    folder.mkdir()
    for name, seconds in (("a.wav", 1.0), ("b.wav", 2.0)):
        soundfile.write(folder / name, synthesise_speech(seconds, seed=3), 16_000)
    (folder / "broken.wav").write_bytes(b"RIFF no more")
    return folder


def test_a_folder_becomes_a_table_and_what_is_broken_is_told(run, voices, tmp_path):
    found = run("features", voices, "-o", tmp_path / "x.csv", "--what", "prosody")
    assert found.code == 2
    assert "broken.wav  error" in found.err
    assert "rows of 2 recordings, 10 columns; 1 could not be read" in found.out
    assert pd.read_csv(tmp_path / "x.csv")["file"].nunique() == 2


def test_a_table_that_is_there_stays(run, voices, tmp_path):
    (tmp_path / "x.csv").write_text("mine")
    found = run("features", voices / "a.wav", "-o", tmp_path / "x.csv")
    assert (found.code, (tmp_path / "x.csv").read_text()) == (2, "mine")
    assert "cannot write" in found.err
    run("features", voices / "a.wav", "-o", tmp_path / "y.csv")
    written = (tmp_path / "y.csv").read_bytes()
    assert run("features", voices / "b.wav", "-o", tmp_path / "y.csv").code == 2
    assert (tmp_path / "y.csv").read_bytes() == written


@pytest.mark.parametrize("name", ["x.xls", "x.json", "x"])
def test_other_forms_are_refused_before_anything_is_read(run, voices, tmp_path, name):
    found = run("features", voices, "-o", tmp_path / name)
    assert (found.code, "a name that ends in .csv or .parquet expected" in found.err) == (2, True)
