"""Cities that are made up: their registers, cases from application to delivery, what is wrong with them, and the truth about that.

The same seed makes the same bytes. In the order of the flow: `names`, `catalogue`, `chihe` (words), `profile` (what makes one city
unlike another), `city` (registers), `story` and its parts (what happens in one case), `twists` and `conduct` (what is made to go
wrong, or to look so), `combining` (which twists meet on one case), `feeds` (what of it is reported), `dues` (when limits end),
`wire` (events as a source sends them), `days` (a day, and all days in the order of arrival), `outlets` (where they go), `live` (a
city that never stops), `truth`, `trial` and `accuracy` (what must be found, and whether it was).
"""
