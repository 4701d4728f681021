"""Logs from files: readers give rows, a mapping makes events of them, a spool puts the events in order.

The flow: `delimited`, `xes`, `parquet` -> `mapper` (by `mapping`) -> `spool` -> `log`, which replay and import
read; `jsonl` holds our own events.
"""
