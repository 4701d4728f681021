"""Tests of the whole flow on real processes. Failed assertions in what they share are explained like those in tests."""

import pytest

pytest.register_assert_rewrite("tests.flow.harness", "tests.flow.truth")
