"""Samples: real recordings to try it on, of an actor who trained no shipped model.

Source: RAVDESS, Livingstone & Russo 2018, doi 10.1371/journal.pone.0196391, CC BY-NC-SA 4.0 (see README.md there).
"""

from __future__ import annotations

from pathlib import Path

from emospike.files import is_file, make_folder, write_atomically
from emospike.licences import asks_for_commercial_use
from emospike.validation import InputError, as_path

HERE = Path(__file__).parent

SAMPLES = {
    "03-01-02-01-01-02-01.flac": "calm, sound",
    "03-01-08-01-01-02-01.flac": "surprised, sound",
    "01-01-04-01-02-01-01.mp4": "sad, film with sound",
}
"""What actor 01 plays in each, by its name in RAVDESS."""


def copy_samples(folder: Path | str) -> list[Path]:
    """Copy the samples and their licence into a folder, which is made if need be; return the recordings.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as name:
    ...     [path.name for path in copy_samples(name)]
    ['03-01-02-01-01-02-01.flac', '03-01-08-01-01-02-01.flac', '01-01-04-01-02-01-01.mp4']

    Raises
    ------
    InputError : a file of such a name is there and is another, the folder cannot be written to, or
        EMOSPIKE_LICENCE asks for what may be used commercially
    """
    if asks_for_commercial_use():
        raise InputError("the samples are CC BY-NC-SA 4.0, not for commercial use, and EMOSPIKE_LICENCE asks for that")
    folder = make_folder(as_path("a folder", folder))
    copied = {folder / name: (HERE / name).read_bytes() for name in SAMPLES}
    copied[folder / "SAMPLES.md"] = (HERE / "README.md").read_bytes()
    for path, data in copied.items():
        if is_file(path) and path.read_bytes() != data:
            raise InputError(f"{path} is there already, and is another file: name another folder")
    for path, data in copied.items():
        write_atomically(path, data)
    return [folder / name for name in SAMPLES]
