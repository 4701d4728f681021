"""What to say when a worker stops for something only a person can mend, in the log it reads or the one it should have read."""

from __future__ import annotations

from collections.abc import Iterable

from aiokafka.errors import OffsetOutOfRangeError, UnsupportedCodecError
from faust.types import TP

from supervision.language import UserError, say


def fell_behind(error: OffsetOutOfRangeError) -> UserError:
    """The log began behind the next record while the worker was reading it."""
    ((tp, offset),) = error.args[0].items()
    return log_gap(tp.topic, tp.partition, offset)


def log_gap(topic: str, partition: int, wanted: int, first: int | None = None) -> UserError:
    """What to say when the log no longer has the next record: a loss that only a person may accept."""
    zh = "" if first is None else f", 日志从 {first} 开始"
    en = "" if first is None else f", the log begins at {first}"
    return UserError(
        say(
            f"{topic}/{partition}: 下一条应为 {wanted}{zh}; 其间的记录未经研判就被清理了。先查保留期 (retention.ms);"
            " 确认放弃它们, 再运行 supervision agents --accept-loss",
            f"{topic}/{partition}: the next record to judge is {wanted}{en}: records went before they were"
            " judged. Look at the topic's retention.ms first; to give these records up, run `supervision agents --accept-loss`",
        )
    )


def unreadable(error: UnsupportedCodecError, tps: Iterable[TP] | None) -> UserError:
    """A record batch in one of `tps` is compressed in a way this installation cannot read; trying again would not help."""
    where = ", ".join(sorted(f"{tp.topic}/{tp.partition}" for tp in tps or ()))
    return UserError(
        say(
            f"有一批记录的压缩格式读不了 ({error}), 在这些分区之一: {where}; 安装 aiokafka[lz4,snappy,zstd], 或让发送方改用它们",
            f"a record batch is compressed in a way that cannot be read here ({error}), in one of: {where};"
            " install aiokafka[lz4,snappy,zstd] or have the producer use one of these codecs",
        )
    )


def log_shorter(topic: str, partition: int, wanted: int, high: int) -> UserError:
    """The state knows of more records than the log ever had: it is another log."""
    return UserError(
        say(
            f"{topic}/{partition}: 状态记到 {wanted}, 日志只到 {high}: 主题被重建或截断; 请连同状态主题一起重建, 或恢复日志",
            f"{topic}/{partition}: state says {wanted} records were judged, the log ends at {high}: the topic was made anew or"
            " cut short; restore it, or make its state topic anew too",
        )
    )
