"""A training by gradients that was stopped goes on where it was, and ends in the same weights."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from emospike.evaluation.retraining import hash_state
from emospike.networks.torch import checkpoints, plif, transformer
from emospike.networks.torch.training import Course
from emospike.systems.checkpoints import keep_checkpoints, open_checkpoint
from emospike.systems.eavs_tf.model import EAVSTransformer
from emospike.systems.spiking_emotions.model import SpikingEmotions

EPOCHS = 3


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch):
    """Write after every epoch, however short."""
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)


@pytest.fixture
def epochs(monkeypatch):
    """The epochs that are trained, as they are."""
    trained, end = [], Course.end_epoch
    monkeypatch.setattr(Course, "end_epoch", lambda self, *more: trained.append(self.epoch) or end(self, *more))
    return trained


@pytest.fixture
def small_speech(speech, faced):
    """Eight clips with faces."""
    seen = faced(speech)
    return seen.clips[::3], seen.labels[::3], seen.speakers[::3]


@pytest.fixture
def stop_after(monkeypatch):
    """Stop a training when so many epochs are written."""

    def stop(system, speech, folder, epochs):
        left, write = [epochs], checkpoints.Checkpoint.write

        def once(self, *told):
            write(self, *told)
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt), keep_checkpoints(folder):
            patch.setattr(checkpoints.Checkpoint, "write", once)
            system.fit(*speech)

    return stop


def make(small, kind, **training):
    made = small(kind, "default", **({"copies": 1} if kind is EAVSTransformer else {"members": 1}))
    return made.set_params(training=replace(made.training, epochs=EPOCHS, validate_every=1, **training))


@pytest.mark.parametrize(
    ("kind", "networks", "more"),
    [
        (EAVSTransformer, 2, {}),
        (SpikingEmotions, 3, {}),
        (SpikingEmotions, 3, {"momentum": 0.9}),
    ],
    ids=["eavs_tf", "spiking_emotions", "momentum"],
)
def test_the_weights_are_those_of_a_training_that_was_not_stopped(
    small, small_speech, tmp_path, epochs, *, stop_after, kind, networks, more
):
    made = make(small, kind).set_params(**more)
    whole = deepcopy(made).fit(*small_speech)
    assert epochs == [*range(EPOCHS)] * networks
    epochs.clear()
    folder = tmp_path / "kept"
    for written in (1, 3):  # within the first network, and within the second
        stop_after(deepcopy(made), small_speech, folder, written)
    assert epochs == [0, 1, 2, 0]
    epochs.clear()
    with keep_checkpoints(folder) as begun:
        assert begun == 2
        again = made.fit(*small_speech)
    assert epochs == [1, 2, *[*range(EPOCHS)] * (networks - 2)]
    assert hash_state(again) == hash_state(whole)
    assert not folder.exists()


@pytest.mark.parametrize("how", ["cut", "changed", "text", "folder"])
def test_a_damaged_one_is_begun_anew(small, small_speech, tmp_path, epochs, *, stop_after, how):
    stop_after(make(small, SpikingEmotions), small_speech, tmp_path / "kept", 1)
    (file,) = (tmp_path / "kept").iterdir()
    data = file.read_bytes()
    file.unlink()
    if how == "folder":
        file.mkdir()
    else:
        file.write_bytes({"cut": data[:-9], "changed": data[:-9] + b"\x01" + data[-8:], "text": b"text"}[how])
    epochs.clear()
    stop_after(make(small, SpikingEmotions), small_speech, tmp_path / "kept", 1)
    assert epochs == [0]


def test_an_end_that_validation_called_is_kept(small, small_speech, tmp_path, epochs, stop_after):
    """With patience 1, training ends where an epoch brings nothing; the rest of the network is not trained."""
    made = make(small, EAVSTransformer, patience=1, average=0.0, rate=1e-9)
    whole = deepcopy(made).fit(*small_speech)
    trained = len(epochs)
    assert trained < 2 * EPOCHS
    stop_after(deepcopy(made), small_speech, tmp_path / "kept", trained)
    epochs.clear()
    with keep_checkpoints(tmp_path / "kept"):
        assert hash_state(made.fit(*small_speech)) == hash_state(whole)
    assert not epochs


def test_a_file_is_of_one_training_alone(tmp_path, monkeypatch):
    rng, arrays = np.random.default_rng(0), [np.zeros((2, 3), np.float32), None]

    def name(plain=("a", 0.1), arrays=arrays, generators=(rng,)):
        return open_checkpoint(plain, arrays, generators).file.name

    assert open_checkpoint(("a", 0.1), arrays) is None
    with keep_checkpoints(tmp_path / "kept"):
        first = name()
        assert name() == first
        others = [
            name(("a", 0.2)),
            name(arrays=[np.zeros((3, 2), np.float32), None]),
            name(arrays=[np.zeros((2, 3), np.float64), None]),
            name(arrays=[np.full((2, 3), 1e-9, np.float32), None]),
            name(arrays=arrays[:1]),
            name(generators=(np.random.default_rng(1),)),
        ]
        monkeypatch.setattr("emospike.systems.checkpoints.hash_code", lambda sources: "another")
        others.append(name())
        monkeypatch.undo()
        monkeypatch.setattr("emospike.systems.checkpoints.list_versions", lambda: ["0.1"])
        others.append(name())
    assert len({first, *others}) == 9


@pytest.mark.parametrize(
    ("kind", "module", "network"), [(EAVSTransformer, transformer, {"dim": 8}), (SpikingEmotions, plif, {"hidden": 8})]
)
def test_no_other_settings_go_on_with_it(small, small_speech, tmp_path, monkeypatch, *, kind, module, network):
    """Each setting that a training takes changes the name of its file."""
    opened = []

    def train(*_, checkpoint, **__):
        opened.append(checkpoint.file.name)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "train", train)
    clips, labels, speakers = small_speech
    swapped = labels[::-1]
    made = make(small, kind)
    ways = [(made, small_speech), (make(small, kind, rate=0.5), small_speech)]
    ways += [(make(small, kind).set_params(seed=1), small_speech)]
    ways += [(make(small, kind).set_params(network=replace(made.network, **network)), small_speech)]
    ways += [(made, (clips, swapped, speakers)), (made, ([*clips[1:], clips[0]], labels, speakers))]
    for system, some in [*ways, ways[0]]:
        with pytest.raises(KeyboardInterrupt), keep_checkpoints(tmp_path / "kept"):
            system.fit(*some)
    assert opened[0] == opened[-1]
    assert len({*opened}) == len(ways)


def test_a_failure_leaves_nothing_and_a_full_disk_stops_nothing(tmp_path, monkeypatch):
    def fill(path, data):
        raise checkpoints.InputError("cannot write: No space left on device")

    with pytest.raises(ValueError, match="failed"), keep_checkpoints(tmp_path / "kept"):
        open_checkpoint((), ()).write({}, {})
        assert len(list((tmp_path / "kept").iterdir())) == 1
        raise ValueError("failed")
    assert not (tmp_path / "kept").exists()
    monkeypatch.setattr(checkpoints, "write_atomically", fill)
    with keep_checkpoints(tmp_path / "kept"):
        open_checkpoint((), ()).write({}, {})
        assert not list((tmp_path / "kept").iterdir())
