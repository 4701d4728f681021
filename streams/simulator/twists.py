"""All twists of one case, in the order in which they are dealt. The eleven rules to come add their tuples here."""

from __future__ import annotations

from streams.simulator import on_answers, on_extensions, on_fees, on_procedure, on_requirements, on_silence, on_time
from streams.simulator.twist import Twist

ALL: tuple[Twist, ...] = (
    *on_time.TWISTS,
    *on_silence.TWISTS,
    *on_answers.TWISTS,
    *on_extensions.TWISTS,
    *on_procedure.TWISTS,
    *on_requirements.TWISTS,
    *on_fees.TWISTS,
)
