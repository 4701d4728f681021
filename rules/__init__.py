"""The judgement: engine, detector kinds and rule cards. Pure: no input or output, no clock, no asyncio."""
