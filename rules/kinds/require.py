"""Kind `require`: what one fact, or a case at one fact, must satisfy. Which check a card asks for."""

from __future__ import annotations

from rules.kinds.authority import Authorised
from rules.kinds.extensions import Extended
from rules.kinds.fees import FeesInOrder
from rules.kinds.notices import AskedOnce
from rules.kinds.times import PossibleTimes
from rules.parameters import Require
from rules.reading import CaseDetector
from rules.requirements import Authority, Extensions, Fees, Notices
from rules.world import Deeming


def demand(parameters: Require, deeming: Deeming | None) -> CaseDetector:
    """The detector of a card's check. `deeming`: the book's, for who reads the legal limit."""
    check = parameters.check
    if isinstance(check, Authority):
        return Authorised(check)
    if isinstance(check, Extensions):
        return Extended(check, deeming)
    if isinstance(check, Notices):
        return AskedOnce(check)
    return FeesInOrder(check) if isinstance(check, Fees) else PossibleTimes(check)
