"""Mutation testing of the judgement: `make mutation`. One small change at a time is made to the code; some test has to notice."""
