import shutil

import numpy as np
import pytest

from emospike.features.openface import read_table

pytestmark = pytest.mark.usefixtures("landmarker")


@pytest.fixture
def film(data_dir, tmp_path):
    return shutil.copy(data_dir / "samples" / "video" / "01-01-02-01-01-02-01.mp4", tmp_path / "calm.mp4")


def test_a_table_and_an_overlay(run, film, tmp_path):
    outcome = run("track", film, "-o", tmp_path / "a.csv", "--stride", 4, "--overlay", tmp_path / "b.mp4")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == f"{film}  27 pictures, a face in 100 %; written to {tmp_path / 'a.csv'}\n"
    assert read_table(tmp_path / "a.csv").found.all()
    assert (tmp_path / "b.mp4").stat().st_size > 10_000


def test_chosen_columns(run, film, tmp_path):
    run("track", film, "-o", tmp_path / "a.csv", "--stride", 20, "--columns", "pose, box", "--points", 68)
    header = (tmp_path / "a.csv").read_text().splitlines()[0].split(",")
    assert len(header) == 5 + 3 + 4 + 2 * 68


def test_a_bad_film_does_not_stop_the_others(run, film, wav, tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no film")
    out = tmp_path / "tables"
    outcome = run("track", bad, film, wav, "-o", out, "--format", "csv.gz", "--stride", 20)
    assert outcome.code == 2
    first, second, third = outcome.out.splitlines()
    assert first.startswith(f"{bad}  error  ")
    assert "a face in 100 %" in second
    assert third.startswith(f"{wav}  error  ")
    assert [file.name for file in out.iterdir()] == ["calm.csv.gz"]


def test_a_folder_of_films(run, film, wav, tmp_path):
    films = tmp_path / "films"
    (films / "more").mkdir(parents=True)
    for name in ("a.mp4", "more/b.mp4"):
        shutil.copy(film, films / name)
    shutil.copy(wav, films / "sound.wav")
    out = tmp_path / "out"
    outcome = run("track", films, "-o", out, "--overlay", out, "--stride", 30)
    assert outcome.code == 0
    assert sorted(file.name for file in out.iterdir()) == ["a.csv", "a.mp4", "b.csv", "b.mp4"]


def test_nothing_is_written_over_unasked(run, film, tmp_path):
    table = tmp_path / "calm.csv"
    table.write_text("mine")
    outcome = run("track", film, "-o", table)
    assert (outcome.code, table.read_text()) == (2, "mine")
    assert f"{table} is there already: --overwrite writes it anew" in outcome.out
    before = film.read_bytes()
    outcome = run("track", film, "-o", table, "--overlay", film, "--overwrite")
    assert "it is one of the films" in outcome.out
    assert film.read_bytes() == before
    assert run("track", film, "-o", table, "--overwrite", "--stride", 30).code == 0
    assert table.read_text() != "mine"


def test_a_film_without_a_face(run, write_film, tmp_path):
    film = write_film(tmp_path / "a.mkv", [np.full((120, 160, 3), 90, np.uint8)] * 10)
    outcome = run("track", film, "-o", tmp_path / "a.csv")
    assert "5 pictures, a face in 0 %" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["a.mp4", "b.mp4", "-o", "t.csv"], "t.csv is one file, and there are 2 films: give a folder"),
        (["x/a.mp4", "y/a.mp4", "-o", "t"], "x/a.mp4 and y/a.mp4 would be written to one file in t"),
        (["a.mp4", "-o", "t.txt"], "a name that ends in .csv or .csv.gz or .parquet expected, or a folder, got t.txt"),
        (["a.mp4", "-o", "t.csv", "--overlay", "t.gif"], "a name that ends in .mp4 or .mkv expected, or a folder"),
        (["a.mp4", "-o", "t.csv", "--columns", "gaze"], "unknown group of columns 'gaze'"),
        (["a.mp4", "-o", "t.csv", "--points", "5"], "points must be 0, 68 or 478, got 5"),
        (["a.mp4", "-o", "t.csv", "--stride", "0"], "stride"),
        (["a.mp4", "-o", "t", "--format", "json"], "unknown format 'json'"),
        (["films", "-o", "t"], "films: there is no film: give mp4, mkv, webm, mov or avi files"),
    ],
)
def test_wrong_arguments(run, wav, tmp_path, monkeypatch, arguments, error):  # noqa: PLR0917
    monkeypatch.chdir(tmp_path)
    (tmp_path / "films").mkdir()
    shutil.copy(wav, tmp_path / "films" / "sound.wav")
    outcome = run("track", *arguments)
    assert outcome.code == 2
    assert error in outcome.err
