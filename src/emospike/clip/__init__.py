"""Clip: one recording, read lazily; with decoding and video, every check of a user's file lives in this room."""

from emospike.clip.clip import Clip
from emospike.clip.decoding import SAMPLE_RATE, Sound
from emospike.clip.finding import SOUND_SUFFIXES, VIDEO_SUFFIXES, find_recordings, is_hidden, walk
from emospike.clip.samples import check_speech, is_silent
from emospike.clip.video import TABLE_SUFFIXES, Frame, is_table

__all__ = [
    "SAMPLE_RATE", "SOUND_SUFFIXES", "TABLE_SUFFIXES", "VIDEO_SUFFIXES", "Clip", "Frame", "Sound",
    "check_speech", "find_recordings", "is_hidden", "is_silent", "is_table", "walk",
]  # fmt: skip
