"""Splitting, packing and order of the data."""

from itertools import pairwise

import numpy as np

from tests.train.tiny import cpt_config
from tsugiki.train.data import IGNORED, Corpus, Plan, collate, count_targets, pack, split_rows
from tsugiki.train.template import Example


def make_corpus(lengths: list[int], max_length: int = 16) -> Corpus:
    corpus, start = Corpus(), 0
    for length in lengths:
        ids = list(range(start, start + length))
        corpus.add([Example(ids, [True] * length)], max_length)
        start += length
    return corpus


def test_every_transition_of_a_long_document_is_trained_once() -> None:
    corpus = make_corpus([50, 2, 16, 17])
    transitions = [pair for pieces in corpus.documents for piece in pieces for pair in pairwise(range(*piece))]
    assert len(transitions) == len(set(transitions)) == 49 + 1 + 15 + 16
    assert all(last - first <= 16 for pieces in corpus.documents for first, last in pieces)
    assert [len(pieces) for pieces in corpus.documents] == [4, 1, 1, 2]


def test_packing_keeps_every_piece_and_wastes_little() -> None:
    lengths = np.random.default_rng(0).integers(1, 65, 500).tolist()
    ends = np.cumsum(lengths).tolist()
    pieces = [(end - length, end) for end, length in zip(ends, lengths, strict=True)]
    rows = pack(pieces, 64)
    assert sorted(piece for row in rows for piece in row) == pieces
    used = [sum(last - first for first, last in row) for row in rows]
    assert max(used) <= 64
    assert len(rows) <= 1.06 * sum(lengths) / 64


def test_a_step_holds_the_recipes_documents_however_they_are_packed() -> None:
    corpus = make_corpus([5, 40, 9, 12, 3, 30, 8], max_length=16)
    for packing in ("documents", "none"):
        plan = Plan(corpus, cpt_config("llama", packing=packing, batch_size=3, gradient_accumulation=1))
        assert (plan.steps_per_epoch, plan.steps) == (3, 6)
        for epoch in range(2):
            steps = [{p for row in plan.rows(epoch * 3 + i) for p in row if p[1] - p[0] > 0} for i in range(3)]
            assert set.union(*steps) == {piece for pieces in corpus.documents for piece in pieces}
            assert [sum(pieces[0] in step for pieces in corpus.documents) for step in steps] == [3, 3, 1]


def test_rows_mode_counts_packed_rows() -> None:
    corpus = make_corpus([8] * 24, max_length=16)
    plan = Plan(corpus, cpt_config("llama", packing="rows", max_length=16, batch_size=2, gradient_accumulation=2))
    assert plan.steps_per_epoch == 3
    assert all(len(row) == 2 for row in plan.rows(0))


def test_order_depends_on_seed_and_epoch_alone() -> None:
    corpus = make_corpus(list(range(4, 40)), max_length=64)
    plan, again = (Plan(corpus, cpt_config("llama")) for _ in range(2))
    backwards = [again.rows(step) for step in reversed(range(plan.steps))][::-1]
    assert [plan.rows(step) for step in range(plan.steps)] == backwards
    assert plan.rows(0) != plan.rows(plan.steps_per_epoch)
    assert plan.rows(0) != Plan(corpus, cpt_config("llama", seed=8)).rows(0)


def test_batches_restart_positions_and_never_predict_across_documents() -> None:
    corpus = Corpus()
    corpus.add([Example([10, 11, 12], [False, False, True])], 16)
    corpus.add([Example([20, 21], [True, True])], 16)
    batch = collate(corpus, [[(0, 3), (3, 5)]], multiple=8)
    assert batch.ids.tolist() == [[10, 11, 12, 20, 21, 0, 0, 0]]
    assert batch.labels.tolist() == [[IGNORED, 12, IGNORED, 21, *[IGNORED] * 4]]
    assert batch.positions.tolist() == [[0, 1, 2, 0, 1, 2, 3, 4]]
    assert batch.pieces.tolist() == [[0, 0, 0, 1, 1, -1, -1, -1]]


def test_forward_passes_stay_within_their_tokens() -> None:
    corpus = make_corpus([30, 4, 9, 28, 16, 2], max_length=32)
    rows = [list(pieces) for pieces in corpus.documents]
    groups = split_rows(rows, 40)
    assert sorted(row for group in groups for row in group) == sorted(rows)
    assert all(collate(corpus, group).ids.numel() <= 40 for group in groups)


def test_targets_are_counted_as_they_are_labelled() -> None:
    corpus = Corpus()
    corpus.add([Example(list(range(10, 20)), [False] * 4 + [True] * 6)], 100)
    corpus.add([Example(list(range(30, 55)), [True] * 25)], 8)
    rows = [list(corpus.documents[0]) + list(corpus.documents[1][:1]), list(corpus.documents[1][1:])]
    assert count_targets(corpus, rows) == int((collate(corpus, rows, 8).labels != IGNORED).sum()) == 6 + 24
