"""A city that is made up: its registers, its cases from application to delivery, what is wrong with them, and the truth about that.

The same seed makes the same bytes. In the order of the flow: `names` and `catalogue` (words), `city` (registers), `story` and its
parts (what happens in one case), `twists` and `conduct` (what is made to go wrong, or to look so), `dues` (when limits end), `wire`
(events as a source sends them), `days` (a day, and all days in the order of arrival), `outlets` (where they go), `live` (a city
that never stops), `truth` and `accuracy` (what must be found, and whether it was).
"""
