"""Kind `require`: what one fact, or a case at one fact, must satisfy. Which check a card asks for."""

from __future__ import annotations

from rules.kinds.authority import Authorised
from rules.kinds.fees import FeesInOrder
from rules.kinds.notices import AskedOnce
from rules.parameters import Require
from rules.reading import CaseDetector
from rules.requirements import Authority, Notices


def demand(parameters: Require) -> CaseDetector:
    """The detector of a card's check."""
    check = parameters.check
    if isinstance(check, Authority):
        return Authorised(check)
    return AskedOnce(check) if isinstance(check, Notices) else FeesInOrder(check)
