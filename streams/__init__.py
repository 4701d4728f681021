"""The movement, in flow order: sources, agents, sink, store, embedded servers, replay."""
