"""Payload structs by group, in the order of a case's life: intake, handling, outcome; then citizens, hall and registers.

`supervision.payload` joins them into one table; import from there.
"""
