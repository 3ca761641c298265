import numpy as np
import pytest

from emospike.datasets import cmu_mosi, load, relabel, standard_split
from emospike.datasets.folds import is_leaky
from emospike.validation import InputError

TRAIN, VALIDATION, TEST = cmu_mosi.SPLIT.values()
OPINIONS = {1: 2.4, 2: -1.0, 3: 0.0, 4: -0.2}
FILMS = (TRAIN[0], TRAIN[1], VALIDATION[0], TEST[0])


@pytest.fixture
def official(touch):
    """Four films of four parts each in the archive's layout, whole films beside the parts."""
    names = [f"Raw/Audio/WAV_16000/Segmented/{film}_{part}.wav" for film in FILMS for part in OPINIONS]
    names += [f"Raw/Video/Segmented/{film}_{part}.mp4" for film in FILMS for part in OPINIONS]
    names += [f"Raw/Video/Full/{film}.mp4" for film in FILMS]
    folder = touch(*names, "Raw/Labels/x")
    rows = [f"0.5,{part}.5,{film},{part},{opinion}" for film in FILMS for part, opinion in OPINIONS.items()]
    (folder / "Raw" / "Labels" / "OpinionLevelSentiment.csv").write_text("\n".join(rows))
    return folder


def test_the_official_layout(official):
    dataset = load(official, video=True)
    assert (dataset.name, len(dataset), dataset.classes) == ("cmu_mosi", 12, ("negative", "positive"))
    assert set(dataset.speakers) == set(FILMS)
    assert list(dataset.labels).count("positive") == 4
    assert dataset.notes == ("8 files with an opinion of 0 ignored",)
    for one in dataset.recordings:
        assert (one.path.suffix, one.face.suffix, one.face.stem) == (".wav", ".mp4", one.path.stem)
    assert load(official / "Raw").labels.tolist() == dataset.labels.tolist()


@pytest.mark.parametrize("zero", ["negative", "positive"])
def test_zero_may_be_either(official, zero):
    dataset = cmu_mosi.load(official, zero=zero)
    assert {one.label for one in dataset.recordings if one.tags["opinion"] == "0.0"} == {zero}
    assert (len(dataset), dataset.notes) == (16, ())


def test_the_form_with_a_header(touch):
    folder = touch(f"Raw/{TRAIN[0]}/1.mp4", f"Raw/{TRAIN[0]}/12.mp4", f"Raw/{TEST[0]}/3.mp4")
    rows = [f'{TRAIN[0]},1,"A, B",1.2,1.0', f"{TRAIN[0]},12,c,-3,1", f"{TEST[0]},3,d,-0.5,1"]
    (folder / "label.csv").write_text("\n".join(["video_id,clip_id,text,label,label_T", *rows]))
    dataset = load(folder)
    assert [(one.path.stem, one.label) for one in dataset.recordings] == [
        ("1", "positive"), ("12", "negative"), ("3", "negative"),
    ]  # fmt: skip


def test_the_standard_split(official):
    dataset = load(official)
    split = standard_split(dataset)
    assert set(dataset.speakers[split.test]) == {TEST[0]}
    assert set(dataset.speakers[split.train]) == set(FILMS[:3])
    assert split.speakers == (TEST[0],)
    assert not is_leaky(dataset, split)


def test_the_published_counts_of_the_split():
    assert [len(TRAIN), len(VALIDATION), len(TEST)] == [52, 10, 31]
    assert len({*TRAIN, *VALIDATION, *TEST}) == 93
    assert all(len(film) == 11 for film in (*TRAIN, *VALIDATION, *TEST))


def test_other_data_have_no_standard_split(table):
    with pytest.raises(InputError, match="manifest has no standard split, cmu_mosi and eav have"):
        standard_split(table([("a", "sad"), ("b", "happy")]))


def test_arousal_is_none_of_its_labels(official):
    with pytest.raises(InputError, match="any labels go with the scheme 'emotion'"):
        relabel(load(official), "arousal")


def test_what_is_wrong_is_said(official, touch):
    labels = official / "Raw" / "Labels" / "OpinionLevelSentiment.csv"
    labels.write_text("a,b,c\n")
    with pytest.raises(InputError, match=r"row 1 of .* has no film, part and opinion in columns 3, 4, 5"):
        load(official)
    labels.write_text("0,1,elsewhere,1,2.0")
    with pytest.raises(InputError, match=r"none of 1 labelled parts .* elsewhere_1\.mp4"):
        load(official)
    with pytest.raises(InputError, match="no labels of CMU-MOSI"):
        cmu_mosi.load(official / "Raw" / "Video")


def test_a_csv_of_another_kind_is_none_of_its(touch):
    folder = touch("03-01-06-01-02-01-12.wav")
    (folder / "label.csv").write_text("file,label\na,b\n")
    assert not cmu_mosi.recognises(folder)
    assert load(folder).name == "ravdess"


def test_films_can_be_seen(tmp_path, write_film):
    rng, folder = np.random.default_rng(0), tmp_path / "Video" / "Segmented"
    folder.mkdir(parents=True)
    sound = 0.1 * rng.normal(size=19_200).astype(np.float32)
    write_film(folder / f"{TEST[0]}_1.mp4", rng.integers(0, 255, (10, 64, 64, 3), np.uint8), sound=sound)
    (tmp_path / "OpinionLevelSentiment.csv").write_text(f"0,1,{TEST[0]},1,2.0")
    (clip,) = load(tmp_path, video=True).select_modality("both").clips()
    assert len(list(clip.frames())) == 10
    assert clip.hears
