"""The detector kinds: few, in Python, each serving many cards. A kind turns a case's facts into verdicts, without a clock."""
