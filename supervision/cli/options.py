"""Options that several commands have, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supervision.language import say

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help=say("数据目录;运行中的系统的地址也在其中。", "Data directory; the addresses of a running stack are there too."),
        show_default="./data",
    ),
]
Cards = Annotated[
    Path | None,
    typer.Option(
        "--cards", metavar="DIR", help=say("代替自带卡的规则卡目录。", "Directory of rule cards in place of the built-in ones.")
    ),
]
