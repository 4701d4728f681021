"""Judging all alerts of a span a second time, from the stored events: `supervision verify`.

`cases` says which cases, a slice at a time; `bins` keeps what they tell of subjects until the subjects are judged; `reach` how far
the clocks had come; `verification` goes through all of it and compares.
"""
