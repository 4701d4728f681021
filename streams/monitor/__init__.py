"""The monitor of the feeds: whether sources send what they should, by what the store holds of all their cases together."""
