"""Mistakes are said in the user's language; these tests read them in English."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from supervision.language import language


@pytest.fixture(autouse=True, scope="session")
def _english() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPERVISION_LANGUAGE", "en")
        language.cache_clear()
        yield
    language.cache_clear()
