"""The stream of alerts to everybody who watches: each record read once, encoded once for all who may see it, resumed by its id."""
