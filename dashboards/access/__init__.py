"""Who may look, and at what: users and their sessions in one SQLite file of the data directory, and the rights that follow."""
