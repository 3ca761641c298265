"""What is read ahead in a thread comes as if it were not."""

import threading

import pytest

from emospike.clip.ahead import read_ahead


def test_order_and_threads():
    makers = []

    def make():
        for number in range(20):
            makers.append(threading.current_thread())
            yield number

    assert list(read_ahead(make())) == list(range(20))
    assert {*makers} != {threading.current_thread()}
    assert len({*makers}) == 1


def test_no_more_than_asked_for_is_made():
    made = []

    def make():
        for number in range(100):
            made.append(number)
            yield number

    ahead = read_ahead(make(), most=3)
    assert [next(ahead) for _ in range(5)] == [0, 1, 2, 3, 4]
    ahead.close()
    assert len(made) <= 5 + 3
    assert not any(thread.name.startswith("ahead") for thread in threading.enumerate())


def test_errors_come_in_their_place():
    def make():
        yield 1
        raise ValueError("damaged")

    ahead = read_ahead(make())
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="damaged"):
        next(ahead)
    assert list(read_ahead(iter([]))) == []
