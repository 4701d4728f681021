"""Who sees what: regions with what lies in them, one department, clues for discipline inspection alone."""

from __future__ import annotations

import pytest

from dashboards.access.rights import Scope, scope_of
from supervision.alert import Disposition, Visibility
from tests.dashboards.alerts import alert

CARD = alert()
CLUE = alert(disposition=Disposition.CLUE, visibility=Visibility.DISCIPLINE_ONLY)
OF_BUREAU = alert(visibility=Visibility.BUREAU)
NOWHERE = alert(region_code=None, owner_department_id=None)


@pytest.mark.parametrize(
    ("scope", "sees"),
    [
        (Scope(), {"card", "bureau", "nowhere"}),
        (Scope("4301"), {"card", "bureau"}),
        (Scope("4302"), set()),
        (Scope("", "D1"), {"card"}),
        (Scope("", "D2"), set()),
        (Scope("4301", "D1"), {"card"}),
        (Scope(sees_clues=True), {"card", "clue", "bureau", "nowhere"}),
        (Scope("4302", None, True), set()),
    ],
)
def test_what_a_scope_sees(scope: Scope, sees: set[str]) -> None:
    alerts = {"card": CARD, "clue": CLUE, "bureau": OF_BUREAU, "nowhere": NOWHERE}
    assert {name for name, each in alerts.items() if scope.sees(each)} == sees


def test_only_the_role_discipline_opens_clues() -> None:
    assert not scope_of(["administrator", "supervisor", "auditor", "department"], "", None).sees_clues
    assert scope_of(["discipline"], "", None).sees_clues


def test_zeros_at_the_end_of_a_region_say_nothing() -> None:
    assert scope_of(["auditor"], "430100", None).region_prefix == "4301"
