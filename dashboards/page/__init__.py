"""The pages of one card, one case and one rule, made of stored events, reference data and the rule cards."""
