"""Several data sets at once: joined, weighed, sampled, left out in turn."""

import json

import pytest
import soundfile

from emospike import store

from .conftest import SPEAKERS, speech

CREMAD = dict(zip(SPEAKERS, (1001, 1002, 1003, 1004), strict=True))
NEMO = dict(zip(SPEAKERS, ("SM0", "WR0", "EB0", "IC0"), strict=True))


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    """A little CREMA-D, of which one recording is there under two labels, a little nEMO, and a little BAVED."""
    folder = tmp_path_factory.mktemp("corpora")
    sentences = ("IEO", "TIE", "IOM", "IWW", "TAI", "MTI")
    files = {}
    for who in SPEAKERS:
        for i, sentence in enumerate(sentences):
            high = i % 2 == 0
            files[f"cremad/AudioWAV/{CREMAD[who]}_{sentence}_{'ANG' if high else 'SAD'}_XX.wav"] = (who, high, i)
            files[f"nemo/samples/{NEMO[who]}_{'anger' if high else 'sadness'}_{i + 1}.wav"] = (who, high, 20 + i)
            if i < 4:
                number = SPEAKERS.index(who)
                files[f"baved/1/{number}-f-20-1-{2 if high else i % 3}-{i}.wav"] = (who, high, 40 + i)
    files["cremad/AudioWAV/1001_TSI_HAP_XX.wav"] = files["cremad/AudioWAV/1001_TSI_NEU_XX.wav"] = ("anna", True, 99)
    for name, (who, high, seed) in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / name, speech(1.2, who, high=high, seed=seed), 16_000)
    return folder


def two(corpora, *names):
    return [word for name in names or ("cremad", "nemo") for word in ("--data", corpora / name)]


def test_each_corpus_is_left_out(run, corpora, tmp_path):
    words = ("--protocol", "corpus-folds", "--json", tmp_path / "r.json")
    outcome = run("evaluate", "baseline", *two(corpora), *words)
    assert outcome.code == 0, outcome.err
    result = json.loads((tmp_path / "r.json").read_text())
    assert [fold["corpora"] for fold in result["folds"]] == [["cremad"], ["nemo"]]
    assert [*result["corpora"]] == ["cremad", "nemo"]
    assert (result["balance"], result["clips"]) == ("corpora", 50)
    assert "mean" in outcome.out
    assert "on 24 recordings of nemo" in outcome.err
    assert "2 recordings are 1 sound under several names: 1001_TSI_HAP_XX.wav = 1001_TSI_NEU_XX.wav" in outcome.err
    said = (
        "2 recordings are one sound under two labels and do not train: 1001_TSI_HAP_XX (high) = 1001_TSI_NEU_XX (low)"
    )
    assert said in outcome.err
    assert said in result["note"]


def test_as_many_of_each_as_asked_for(run, corpora, tmp_path):
    words = ("--per-corpus", "16", "--balance", "none", "--json", tmp_path / "r.json")
    outcome = run("evaluate", "baseline", *two(corpora), *words)
    assert outcome.code == 0, outcome.err
    result = json.loads((tmp_path / "r.json").read_text())
    assert (result["clips"], result["balance"], result["protocol"]) == (32, "none", "speaker-folds")
    assert {name: row["clips"] for name, row in result["corpora"].items()} == {"cremad": 16, "nemo": 16}
    assert {name.partition(":")[0] for name in result["speakers"]} == {"cremad", "nemo"}


def test_a_model_of_several_corpora_knows_them(run, corpora, tmp_path):
    model = tmp_path / "m.safetensors"
    outcome = run("train", "baseline", *two(corpora, "cremad", "baved"), "-o", model)
    assert outcome.code == 0, outcome.err
    card = store.load(model).card
    assert (card["data"], card["balance"], card["clips"]) == (
        "cremad+baved",
        "corpora",
        40,
    )  # not the one in two labels
    assert card["licence"].startswith("baved: none stated; research; cremad: ODbL 1.0")
    assert card["speakers"][:2] == ["baved:0", "baved:1"]
    assert "do not train" in outcome.err
    alone = run("test", model, *two(corpora, "cremad"))
    assert "LEAKY: the model was trained on 24 of these 26 recordings" in alone.err
    fresh = run("test", model, *two(corpora, "nemo", "baved"))
    assert "baved  " in fresh.out
    assert "mean" in fresh.out


def test_levels_of_arousal_are_left_out_of_emotions(run, corpora):
    outcome = run("evaluate", "baseline", *two(corpora, "baved"), "--labels", "emotion")
    assert outcome.code == 2
    assert outcome.err.splitlines()[-1].endswith("which are levels of arousal: use --labels arousal")


def test_a_map_of_ones_own(run, corpora, tmp_path):
    (tmp_path / "calls.csv").write_text("from,to\nangry,complaint\nsad,fine\n")
    model = tmp_path / "m.safetensors"
    outcome = run("train", "baseline", *two(corpora), "--map", tmp_path / "calls.csv", "-o", model)
    assert outcome.code == 0, outcome.err
    assert "2 recordings have no label of map:calls and are left out: 1 happy, 1 neutral" in outcome.err
    assert store.load(model).labels_ == ("complaint", "fine")
    assert store.load(model).card["label_map"] == {"angry": "complaint", "sad": "fine"}
    tested = run("test", model, *two(corpora, "nemo"))
    assert tested.code == 0, tested.err
    (tmp_path / "typo.csv").write_text("from,to\nangy,complaint\nsad,fine\n")
    wrong = run("train", "baseline", *two(corpora), "--map", tmp_path / "typo.csv", "-o", model)
    assert (wrong.code, "'angy': did you mean 'angry'?" in wrong.err) == (2, True)


def test_folds_of_emobox_from_a_file(run, corpora, tmp_path):
    rows = [f"cremad,1,{who}_IEO_ANG_XX\ncremad,1,{who}_TIE_SAD_XX\n" for who in CREMAD.values()]
    (tmp_path / "splits.csv").write_text("corpus,fold,test_file\n" + "".join(rows))
    words = ("--labels", "emotion", "--protocol", "emobox", "--splits", tmp_path / "splits.csv")
    outcome = run("evaluate", "baseline", *two(corpora, "cremad"), *words)
    assert outcome.code == 0, outcome.err
    assert "cremad, emobox, LEAKY" in outcome.out
    assert "cremad, speaker-disjoint" in outcome.out
    assert "0.768" in outcome.out  # Whisper's, as published
    audited = run("audit", "baseline", *two(corpora, "cremad"), *words)
    assert "FAIL       speakers         4 of 4 test speakers also train" in audited.out
    assert "verdict: LEAKY" in audited.out
    assert "LEAKY on cremad: EmoBox's folds" in audited.err


def test_an_audit_of_corpora(run, corpora):
    outcome = run("audit", "baseline", *two(corpora), "--protocol", "corpus-folds")
    assert outcome.code == 0, outcome.err
    assert "none of 4 test speakers is among 4 that train" in outcome.out
    assert "pass       test recordings" in outcome.out


def test_a_comparison_of_corpora(run, corpora, tmp_path):
    words = ("--systems", "baseline", "--modality", "audio", "--honest", "--protocol", "corpus-folds")
    outcome = run("compare", *two(corpora), *words, "-o", tmp_path / "c")
    assert outcome.code == 0, outcome.err
    (row,) = json.loads((tmp_path / "c" / "comparison.json").read_text())
    assert row["protocol"] == "corpus-folds"
    assert row["corpora_mean"]["balanced_accuracy"] > 0.5
    again = run("compare", *two(corpora), *words, "--balance", "none", "-o", tmp_path / "c")
    assert "kept" not in again.err


def test_one_speaker_is_of_one_path(run, corpora, model, tmp_path):
    outcome = run("adapt", model, *two(corpora), "--unlabelled", "-o", tmp_path / "m.safetensors")
    assert (outcome.code, "got 2 paths: give one" in outcome.err) == (2, True)
