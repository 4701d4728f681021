"""The agents: faust brings the batches, one runtime per partition judges them and commits everything at once."""
