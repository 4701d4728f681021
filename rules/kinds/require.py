"""Kind `require`: what one fact, or a case at one fact, must satisfy. Which check a card asks for."""

from __future__ import annotations

from rules.kinds.authority import Authorised
from rules.kinds.notices import AskedOnce
from rules.parameters import Require
from rules.reading import CaseDetector
from rules.requirements import Authority


def demand(parameters: Require) -> CaseDetector:
    """The detector of a card's check."""
    check = parameters.check
    return Authorised(check) if isinstance(check, Authority) else AskedOnce(check)
