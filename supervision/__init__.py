"""The words of electronic supervision: events, alerts, working time, reference data. Pure; imports nothing of ours."""
