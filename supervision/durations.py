"""Lengths of time in milliseconds, the unit of every instant."""

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
QUARTER_MS = 15 * MINUTE_MS  # local days begin at a full one of these in every time zone in use
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
