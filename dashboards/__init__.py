"""The board: what a bureau sees of the alerts, served over HTTP to the pages of `dashboards/web`."""
