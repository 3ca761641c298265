"""How numbers and names are written, on pages and in figures."""

from __future__ import annotations

from emospike.decision import Decision

WORDS = {"audio": "sound", "face": "face", "eeg": "EEG"}
"""What a modality is called in sentences."""


def percent(value: float) -> str:
    """Return a probability in percent, never rounded up to certainty.

    >>> percent(0.5), percent(0.877), percent(0.99996)
    ('50 %', '87.7 %', '>99.9 %')
    """
    if 0.9995 <= value < 1:
        return ">99.9 %"
    if 0 < value < 0.0005:
        return "<0.1 %"
    return f"{100 * value:.1f}".removesuffix(".0") + " %"


def signed(change: float) -> str:
    """Return a change of log-odds with its sign and a true minus.

    >>> signed(0.5), signed(-1.234), signed(-0.001)
    ('+0.50', '−1.23', '0.00')
    """
    text = f"{change:+.2f}".replace("-", "−")
    return text[1:] if float(text[1:]) == 0 else text


def milliseconds(seconds: float) -> str:
    """Return a time in milliseconds with three digits at least.

    >>> milliseconds(0.0123456), milliseconds(1.0234)
    ('12.3 ms', '1,023 ms')
    """
    value = 1000 * seconds
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.3g} ms"


def clock(seconds: float) -> str:
    """Return a time as a clock shows it.

    >>> clock(5.4), clock(65), clock(3723)
    ('0:05', '1:05', '1:02:03')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def cut(text: str, most: int) -> str:
    """Return text of `most` characters at most, its end replaced by an ellipsis if it is longer.

    >>> cut("03-01-05.opus", 8)
    '03-01-0…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def say_answer(decision: Decision, task: str = "") -> str:
    """Return what is decided, where that is known, and the answer.

    >>> say_answer(Decision("high", {}, 0.9, True, ""), "arousal"), say_answer(Decision("high", {}, 0.6, False, ""))
    ('Arousal: high', "don't know")
    """
    answer = decision.label if decision.answered else "don't know"
    return f"{task.capitalize()}: {answer}" if task else answer
