"""Following one face among several."""

import numpy as np

from emospike.features.following import Follower, count_faces, follow, measure_overlap

BIG, SMALL = (0.5, 0.1, 0.3, 0.3), (0.1, 0.1, 0.1, 0.1)


def boxes(*faces):
    return np.array(faces, np.float32).reshape(-1, 4)


def moved(box, by):
    return (box[0] + by, *box[1:])


def follow_live(pictures):
    """Which face is followed where ten pictures come a second."""
    follower = Follower()
    return [follower.choose(number / 10, picture) for number, picture in enumerate(pictures)]


def test_the_largest_is_followed_wherever_it_is_listed():
    pictures = [boxes(BIG, SMALL), boxes(SMALL, BIG), boxes(SMALL, BIG), boxes(BIG, SMALL)]
    assert follow(pictures).tolist() == follow_live(pictures) == [0, 1, 1, 0]
    assert count_faces([len(one) for one in pictures]) == 2


def test_a_steady_small_face_beats_a_large_passer_by():
    pictures = [boxes(SMALL)] * 20 + [boxes(SMALL, BIG)] + [boxes(SMALL)] * 20
    assert follow(pictures).tolist() == follow_live(pictures) == [0] * 41
    assert count_faces([len(one) for one in pictures]) == 1


def test_a_face_that_moves_is_one_face():
    pictures = [boxes(SMALL, moved(BIG, -0.01 * n)) for n in range(40)]
    assert follow(pictures).tolist() == [1] * 40
    assert follow_live([boxes(*reversed(picture)) for picture in pictures]) == [0] * 40


def test_one_alone_is_followed_across_a_jump_and_a_gap():
    pictures = [boxes(BIG)] * 3 + [boxes()] * 2 + [boxes(moved(BIG, -0.5))] * 3
    assert follow(pictures).tolist() == follow_live(pictures) == [0, 0, 0, -1, -1, 0, 0, 0]


def test_another_face_does_not_stand_in_while_both_are_there():
    pictures = [boxes(BIG, SMALL)] * 5 + [boxes(SMALL)] * 2 + [boxes(BIG, SMALL)] * 5
    assert follow(pictures).tolist() == follow_live(pictures) == [0] * 5 + [-1] * 2 + [0] * 5


def test_nobody():
    assert follow([]).tolist() == []
    assert follow([boxes()] * 3).tolist() == follow_live([boxes()] * 3) == [-1] * 3
    assert count_faces([0, 0, 0]) == 0


def test_who_comes_later_and_nearer_is_not_followed_while_the_first_is_there():
    pictures = [boxes(SMALL)] * 5 + [boxes(SMALL, BIG)] * 30
    assert follow_live(pictures) == [0] * 35
    assert follow(pictures).tolist() == [-1] * 5 + [1] * 30  # of a film, all of which is known


def test_another_takes_the_place_of_one_who_has_left():
    pictures = [boxes(SMALL, BIG)] * 5 + [boxes(SMALL)] * 30
    assert follow_live(pictures) == [1] * 5 + [-1] * 20 + [0] * 10


def test_faces_of_hours_are_forgotten():
    follower = Follower()
    for number in range(2000):
        follower.choose(number / 10, boxes(moved(SMALL, 0.001 * (number % 800)), moved(BIG, number)))
    assert len(follower._tracklets) < 45
    assert max(len(one.face) for one in follower._tracklets) < 25


def test_overlap_is_the_shared_part_of_both():
    a = boxes((0, 0, 2, 2), (5, 5, 1, 1), (0, 0, 0, 0))
    iou = measure_overlap(a, boxes((1, 0, 2, 2), (0, 0, 2, 2)))
    np.testing.assert_allclose(iou, [[1 / 3, 1], [0, 0], [0, 0]], atol=1e-6)
