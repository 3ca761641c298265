"""Following one face among several."""

import numpy as np

from emospike.features.following import follow, measure_overlap

BIG, SMALL = (0.5, 0.1, 0.3, 0.3), (0.1, 0.1, 0.1, 0.1)


def boxes(*faces):
    return np.array(faces, np.float32).reshape(-1, 4)


def moved(box, by):
    return (box[0] + by, *box[1:])


def test_the_largest_is_followed_wherever_it_is_listed():
    chosen, faces = follow([boxes(BIG, SMALL), boxes(SMALL, BIG), boxes(SMALL, BIG), boxes(BIG, SMALL)])
    assert chosen.tolist() == [0, 1, 1, 0]
    assert faces == 2


def test_a_steady_small_face_beats_a_large_passer_by():
    pictures = [boxes(SMALL)] * 20 + [boxes(SMALL, BIG)] + [boxes(SMALL)] * 20
    chosen, faces = follow(pictures)
    assert chosen.tolist() == [0] * 41
    assert faces == 1


def test_a_face_that_moves_is_one_face():
    pictures = [boxes(SMALL, moved(BIG, -0.01 * n)) for n in range(40)]
    assert follow(pictures)[0].tolist() == [1] * 40


def test_one_alone_is_followed_across_a_jump_and_a_gap():
    pictures = [boxes(BIG)] * 3 + [boxes()] * 2 + [boxes(moved(BIG, -0.5))] * 3
    chosen, faces = follow(pictures)
    assert chosen.tolist() == [0, 0, 0, -1, -1, 0, 0, 0]
    assert faces == 1


def test_another_face_does_not_stand_in_while_both_are_there():
    pictures = [boxes(BIG, SMALL)] * 5 + [boxes(SMALL)] * 2 + [boxes(BIG, SMALL)] * 5
    assert follow(pictures)[0].tolist() == [0] * 5 + [-1] * 2 + [0] * 5


def test_nobody():
    assert follow([])[0].tolist() == []
    chosen, faces = follow([boxes()] * 3)
    assert chosen.tolist() == [-1] * 3
    assert faces == 0


def test_overlap_is_the_shared_part_of_both():
    a = boxes((0, 0, 2, 2), (5, 5, 1, 1), (0, 0, 0, 0))
    iou = measure_overlap(a, boxes((1, 0, 2, 2), (0, 0, 2, 2)))
    np.testing.assert_allclose(iou, [[1 / 3, 1], [0, 0], [0, 0]], atol=1e-6)
