"""A training by gradients that was stopped goes on where it was, and ends in the same weights."""

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from safetensors import safe_open
from safetensors.torch import save

from emospike.evaluation.retraining import hash_state
from emospike.networks.torch import checkpoints, plif, transformer
from emospike.networks.torch.training import Course, fit
from emospike.networks.training import Training
from emospike.systems.checkpoints import keep_checkpoints, open_checkpoint
from emospike.systems.eavs_tf.model import EAVSTransformer
from emospike.systems.spiking_emotions.model import SpikingEmotions
from emospike.validation import InputError

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
        monkeypatch.undo()
        monkeypatch.setattr("emospike.networks.torch.training.device", lambda: torch.device("cuda"))
        others.append(name())
    assert len({first, *others}) == 10


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


FALSE = {
    "no facts": lambda tensors, told: told.pop("facts"),
    "no generators": lambda tensors, told: told.pop("generators"),
    "one generator too many": lambda tensors, told: told["generators"].append({}),
    "another generator": lambda tensors, told: told["generators"][0].update(bit_generator="MT19937"),
    "a list of facts": lambda tensors, told: told.update(facts=[]),
    "a list for all": lambda tensors, told: [],
    "no epoch": lambda tensors, told: told["facts"].pop("epoch"),
    "an epoch in words": lambda tensors, told: told["facts"].update(epoch="1"),
    "an epoch after the last": lambda tensors, told: told["facts"].update(epoch=9),
    "too many steps": lambda tensors, told: told["facts"].update(steps=10**9),
    "over in words": lambda tensors, told: told["facts"].update(over="yes"),
    "no random": lambda tensors, told: tensors.pop("random"),
    "random of another type": lambda tensors, told: tensors.update(random=tensors["random"].float()),
    "random of another size": lambda tensors, told: tensors.update(random=tensors["random"][:5].clone()),
    "no weights": lambda tensors, told: tensors.pop("module.weight"),
    "weights of another shape": lambda tensors, told: tensors.update({"module.weight": torch.zeros(7)}),
    "weights of another type": lambda tensors, told: tensors.update({"module.weight": torch.zeros(1, 2).double()}),
    "one tensor too many": lambda tensors, told: tensors.update({"random.0": torch.zeros(2)}),
    "an optimiser's number in words": lambda tensors, told: tensors.update({"optimiser.x.step": torch.zeros(())}),
    "half an optimiser": lambda tensors, told: tensors.pop("optimiser.0.exp_avg"),
    "an optimiser's shape": lambda tensors, told: tensors.update({"optimiser.0.exp_avg": torch.zeros(3)}),
    "an optimiser before its first step": lambda tensors, told: tensors.update(
        {"optimiser.0.step": torch.tensor(-1.0)}
    ),
}
"""Changes of what a file tells, each with the right digest."""


@pytest.fixture
def fit_line():
    """A function that trains a line with noise, and returns its weights: of PyTorch's generator and NumPy's."""

    def train(checkpoint, rng):
        def loss(module, batch):
            return ((module(batch + 0.1 * torch.randn(batch.shape)) - 3) ** 2).mean()

        def batches(epoch):
            yield torch.from_numpy(rng.normal(size=(4, 2)).astype(np.float32))

        torch.manual_seed(0)
        line, training = torch.nn.Linear(2, 1), Training(epochs=EPOCHS, rate=0.1, batch=4)
        fitted = fit(line, batches, loss, training=training, steps=1, checkpoint=checkpoint)
        return [one.tolist() for one in fitted.state_dict().values()]

    return train


@pytest.fixture
def begun(fit_line, tmp_path, monkeypatch):
    """The file of a training that was stopped after its first epoch."""

    def stop(self, *told):
        write(self, *told)
        raise KeyboardInterrupt

    write, rng = checkpoints.Checkpoint.write, np.random.default_rng(0)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(checkpoints.Checkpoint, "write", stop)
        fit_line(checkpoints.Checkpoint(tmp_path / "a.checkpoint", [rng]), rng)
    return tmp_path / "a.checkpoint"


@pytest.mark.parametrize("change", [None, *FALSE])
def test_one_that_tells_what_cannot_be_is_begun_anew(fit_line, begun, epochs, change):
    with safe_open(begun, "pt") as file:
        tensors, told = {name: file.get_tensor(name) for name in file.keys()}, json.loads(file.metadata()["told"])  # noqa: SIM118
    if change:
        FALSE[change](tensors, told)
    plain = json.dumps([] if change == "a list for all" else told)
    begun.write_bytes(save(tensors, {"told": plain, "digest": checkpoints._digest(tensors, plain)}))
    whole = fit_line(None, np.random.default_rng(0))
    epochs.clear()
    rng = np.random.default_rng(0)
    assert fit_line(checkpoints.Checkpoint(begun, [rng]), rng) == whole
    assert epochs == [*range(EPOCHS)][change is None :]


def test_gpus_are_set_in_the_order_of_their_numbers(tmp_path, monkeypatch):
    states, found = [torch.tensor([i], dtype=torch.uint8) for i in range(11)], []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", lambda: states)
    monkeypatch.setattr(torch.cuda, "set_rng_state_all", found.extend)
    one = checkpoints.Checkpoint(tmp_path / "a.checkpoint")
    one.write({}, {})
    assert one.read(lambda *told: told) == ({}, {})
    assert [int(state) for state in found] == [*range(11)]


def test_only_what_is_its_own_is_dropped_and_only_after_success(tmp_path, monkeypatch):
    folder = tmp_path / "kept"
    monkeypatch.chdir(tmp_path)
    for failure in (InputError, MemoryError, KeyboardInterrupt):
        with pytest.raises(failure), keep_checkpoints(Path("kept")):
            monkeypatch.chdir(tmp_path.parent)
            open_checkpoint((), ()).write({}, {})
            raise failure("failed")
        assert len(list(folder.iterdir())) == 1
        monkeypatch.chdir(tmp_path)
    (own,) = folder.iterdir()
    for name in ("notes.txt", "another.checkpoint", f".{own.name}.torn"):
        (folder / name).write_text("")
    with keep_checkpoints(folder) as begun:
        assert begun == 2
        assert open_checkpoint((), ()).file == own
    assert sorted(one.name for one in folder.iterdir()) == ["another.checkpoint", "notes.txt"]


def test_a_full_disk_stops_nothing(tmp_path, monkeypatch):
    def fill(path, data):
        raise InputError("cannot write: No space left on device")

    monkeypatch.setattr(checkpoints, "write_atomically", fill)
    with keep_checkpoints(tmp_path / "kept"):
        open_checkpoint((), ()).write({}, {})
        assert not list((tmp_path / "kept").iterdir())
    assert not (tmp_path / "kept").exists()
