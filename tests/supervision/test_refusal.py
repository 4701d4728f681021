"""Every reason explains itself in both languages."""

from __future__ import annotations

import pytest

from supervision.language import language
from supervision.refusal import EXPLANATIONS, Reason, explain


def test_every_reason_has_a_sentence_in_both_languages() -> None:
    assert set(EXPLANATIONS) == set(Reason)
    for zh, en in EXPLANATIONS.values():
        assert any("一" <= char <= "鿿" for char in zh)
        assert en.isascii()


@pytest.mark.parametrize(("locale", "word"), [("zh_CN.UTF-8", "消息为空"), ("en_GB.UTF-8", "no bytes")])
def test_the_sentence_is_in_the_users_language(monkeypatch: pytest.MonkeyPatch, locale: str, word: str) -> None:
    monkeypatch.setenv("SUPERVISION_LANGUAGE", locale)
    language.cache_clear()
    try:
        assert word in explain(Reason.EMPTY)
    finally:
        language.cache_clear()
