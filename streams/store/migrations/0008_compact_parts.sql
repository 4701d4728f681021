-- Parts of these wide tables keep all columns in one file until they are large: a file or two for each of sixty columns of every
-- small part costs the file system more than the columns themselves.
ALTER TABLE events_raw MODIFY SETTING min_bytes_for_wide_part = 536870912;
ALTER TABLE event_positions MODIFY SETTING min_bytes_for_wide_part = 536870912;
ALTER TABLE alerts_raw MODIFY SETTING min_bytes_for_wide_part = 536870912;
