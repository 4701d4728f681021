"""All patterns of officers' conduct, in the order in which they are dealt: those of a rule are never far from one another."""

from __future__ import annotations

from itertools import chain, zip_longest

from streams.simulator import conduct, rushes
from streams.simulator.conduct import Pattern
from streams.simulator.rushes import Rush

_PAIRS = zip_longest(conduct.ALL, rushes.ALL)
ALL: tuple[Pattern | Rush, ...] = tuple(pattern for pattern in chain.from_iterable(_PAIRS) if pattern is not None)
BROKEN = frozenset({conduct.RULE, *(rush.rule for rush in rushes.ALL if rush.counts is not None)})
