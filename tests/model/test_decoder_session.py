from __future__ import annotations

import numpy as np
import pytest

from model.decoder_session import Session


def rows(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.repeat(np.array(values, dtype=np.float32)[:, None], 2, axis=1)


def heard(session: Session) -> list[float]:
    return [float(row[0]) for row in session.rows]


def test_rows_are_put_in_the_place_of_everything_behind_them() -> None:
    session = Session(2)
    session.hear(0, rows(1, 2, 3))
    session.hear(3, rows(4))
    assert heard(session) == [1, 2, 3, 4]
    session.hear(1, rows(9))
    assert heard(session) == [1, 9]
    session.hear(2, rows())
    assert heard(session) == [1, 9]
    session.hear(0, rows())
    assert heard(session) == []


def test_a_long_utterance_is_kept_whole() -> None:
    session = Session(2)
    for start in range(0, 1_000, 13):
        session.hear(start, rows(*range(start, start + 13)))
    assert heard(session) == list(range(1_001))


def test_a_gap_is_refused_and_leaves_all_as_it_was() -> None:
    session = Session(2)
    session.hear(0, rows(1, 2))
    with pytest.raises(ValueError, match="only 2"):
        session.hear(3, rows(4))
    assert heard(session) == [1, 2]


def test_the_last_answer_of_the_same_kind_is_the_draft_behind_what_is_forced() -> None:
    session = Session(2)
    assert session.draft("a", ()) == ()
    session.keep("b", (1, 2, 3))
    assert session.draft("a", ()) == (1, 2, 3)
    session.keep("a", (1, 5))
    assert session.draft("a", (1,)) == (5,)
    assert session.draft("b", (1,)) == (2, 3)


def test_an_answer_of_the_other_kind_helps_where_the_own_begins_otherwise() -> None:
    session = Session(2)
    session.keep("a", (1, 5))
    session.keep("b", (1, 2, 3))
    assert session.draft("a", (1, 2)) == (3,)
    assert session.draft("a", (7,)) == ()
