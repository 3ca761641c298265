"""The file of MediaPipe's face model: a user's own, or fetched once from its official address."""

from __future__ import annotations

import os
from pathlib import Path

from emospike.validation import InputError

VARIABLE = "EMOSPIKE_FACE_MODEL"
"""Environment variable that names a face model already on this machine."""
NAME = "face_landmarker.task"
ADDRESS = f"https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/{NAME}"
SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"


def face_model(path: Path | str | None = None) -> Path:
    """Return the file of the Face Landmarker model (Apache-2.0, 3.8 MB).

    It is `path` where that is given, else what the environment variable EMOSPIKE_FACE_MODEL names, else the file in
    the user's cache, fetched there once and checked by its SHA-256.

    Raises `InputError` if the file named does not exist, or cannot be fetched.
    """
    named = path or os.environ.get(VARIABLE)
    if not named:
        return _fetched()
    if not Path(named).is_file():
        raise InputError(f"there is no face model at {named}: correct the path, or give none to have it fetched")
    return Path(named)


def _fetched() -> Path:
    import pooch

    folder = pooch.os_cache("emospike")
    pooch.get_logger().setLevel("WARNING")
    try:
        return Path(pooch.retrieve(ADDRESS, f"sha256:{SHA256}", NAME, folder))
    except ValueError:
        problem = "what came has another checksum"
    except OSError as error:  # that of requests as well
        problem = type(error).__name__
    raise InputError(
        f"the face model could not be fetched into {folder} ({problem}): connect to the network once, or download "
        f"{ADDRESS} elsewhere and name the file in {VARIABLE}"
    )
