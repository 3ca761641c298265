"""Fetch data sets from their official records: checksummed, continued where it stopped, unpacked once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from emospike.files import is_folder
from emospike.validation import InputError, one_of

BLOCK = 1 << 14
"""Bytes read at a time; at most so many are lost with a connection."""


@dataclass(frozen=True)
class Archive:
    """A zip file of a data set: its name, its size in bytes, its MD5 (what Zenodo publishes) and where it lies."""

    name: str
    size: int
    md5: str
    url: str
    licence: str


ARCHIVES = {
    "ravdess-speech": Archive(
        "Audio_Speech_Actors_01-24.zip",
        208_468_073,
        "bc696df654c87fed845eb13823edef8a",
        "https://zenodo.org/records/1188976/files",
        "CC BY-NC-SA 4.0",
    ),
    "subesco": Archive(
        "SUBESCO.zip",
        1_664_512_929,
        "13d702cf944bf54d70d66bffc036ed7a",
        "https://zenodo.org/records/4526477/files",
        "CC BY 4.0",
    ),
}
"""What can be fetched, by name."""


def fetch_archive(
    archive: Archive | str, folder: Path | str, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Download and unpack an archive, or that of a name of `ARCHIVES`; return the folder of its recordings.

    That is ``folder/<name of the archive>``; the archive stays beside it and may be deleted. An interrupted download
    goes on where it stopped; an archive that is already there is checked and used; where the recordings already lie,
    nothing happens.

    `progress` is called with the bytes that are here and the bytes in all.

    Raises `InputError` for an unknown name, if the download fails, the checksum is wrong, or the folder cannot be
    written.
    """
    if isinstance(archive, str):
        archive = ARCHIVES[one_of("data set to fetch", archive, ARCHIVES)]
    folder = Path(folder)
    clips = folder / Path(archive.name).stem
    if is_folder(clips):
        return clips
    try:
        _unpack(_download(folder, progress, archive), clips)
    except OSError as error:
        raise InputError(f"cannot write to {folder} ({error}): free space or choose another folder") from None
    return clips


def _download(folder: Path, progress: Callable[[int, int], None] | None, archive: Archive) -> Path:
    """Return the archive, checked, which appears in the folder only once all of it is there."""
    from pooch import file_hash

    file, part, url = folder / archive.name, folder / f"{archive.name}.part", f"{archive.url}/{archive.name}"
    if file.is_file() and file_hash(str(file), "md5") == archive.md5:
        return file
    folder.mkdir(parents=True, exist_ok=True)
    ResumingDownloader(part, archive.size, progress).download(url)
    if file_hash(str(part), "md5") != archive.md5:
        part.unlink()
        raise InputError(f"{url} has another checksum than {archive.md5}: it was discarded, try again")
    return part.replace(file)


def _unpack(file: Path, clips: Path) -> None:
    """Unpack into a folder that appears only once everything is in it."""
    with TemporaryDirectory(dir=clips.parent, prefix=".unpacking-") as temporary, ZipFile(file) as archive:
        unpacked = Path(temporary).resolve() / clips.name
        for member in archive.namelist():
            if not (unpacked / member).resolve().is_relative_to(unpacked):
                raise InputError(f"{file} holds {member!r}, which points outside: this is not the official archive")
        archive.extractall(unpacked)
        unpacked.rename(clips)


@dataclass(frozen=True)
class ResumingDownloader:
    """A download that continues what is already there (HTTP Range, RFC 9110 section 14).

    Attributes
    ----------
    part : where the bytes are collected across calls
    size : how many bytes there are in all
    progress : called after each block with the bytes that are here and the bytes in all, or None
    attempts : how many tries in a row may bring nothing before the download gives up
    pause : seconds to wait after a first vain try; doubled after each further one
    """

    part: Path
    size: int
    progress: Callable[[int, int], None] | None = None
    attempts: int = 4
    pause: float = 1.0

    def download(self, url: str) -> None:
        """Collect all bytes of `url`; raise `InputError` where no more come. What is there by then stays there."""
        most, vain = self._bytes, 0
        while self._bytes < self.size:
            problem = self._continue(url) or "connection closed early"
            most, vain = max(most, self._bytes), 0 if self._bytes > most else vain + 1
            if vain == self.attempts:
                if not self._bytes:
                    self.part.unlink(missing_ok=True)
                raise InputError(
                    f"{self._bytes / 1e6:.1f} of {self.size / 1e6:.1f} MB of {url} came ({problem}): check "
                    "the network and run the same again, it goes on from there"
                )
            time.sleep(self.pause * (2**vain - 1))

    @property
    def _bytes(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _continue(self, url: str) -> str:
        """Ask for the bytes that are missing and append what comes; return what went wrong, or nothing."""
        import requests

        have = self._bytes
        headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"}
        try:
            with requests.get(url, headers=headers, stream=True, timeout=(10, 60)) as response:
                if response.status_code == requests.codes.range_not_satisfiable:
                    self.part.unlink(missing_ok=True)  # not the file that was begun: start over
                if not response.ok:
                    return f"the server answers {response.status_code} {response.reason}"
                blocks = response.iter_content(BLOCK)
                first = next(blocks, b"")
                if is_page(response.headers.get("Content-Type", ""), first):
                    return "a web page came instead, perhaps this network wants you to log in"
                resumes = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
                self._collect(chain([first], blocks), "ab" if resumes else "wb")
        except requests.RequestException as error:
            return type(error).__name__
        return ""

    def _collect(self, blocks: Iterable[bytes], mode: str) -> None:
        with self.part.open(mode) as file:
            for block in blocks:
                file.write(block)
                if self.progress:
                    self.progress(file.tell(), self.size)


def is_page(kind: str, first: bytes) -> bool:
    """Tell whether an answer of this content type, which begins so, is a page for people and no archive.

    >>> is_page("text/html; charset=utf-8", b""), is_page("", b"  <!DOCTYPE html>"), is_page("application/zip", b"PK")
    (True, True, False)
    """
    return kind.strip().lower().startswith("text/html") or first.lstrip()[:1] == b"<"
