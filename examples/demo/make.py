"""Writes log.csv, the example log: 60 cases of two items in one county centre, spring 2026, with one of each fault we detect.

Deterministic: no randomness, no clock. Run it from anywhere: `python examples/demo/make.py`; a test holds log.csv to its output.
Cases 1 to 44 are handled as they should be. The rest, by what is wrong with them:

    45-47  promised limit passed, completed late or still open (T03; T02 before it)
    48-49  a licence open beyond its legal limit (T04)
    50-52  a review that lies for days (T05)
    53     testing that takes longer than declared (T08)
    54-55  approved without review (P01)
    56-57  reviewed and approved by the same officer (P02)
    58     the acceptance time moved by a correction (P06)
    59-60  open at the end of the log, in time
    31-39  beside this: their approvals by one officer at night, all for one agent (M02)
"""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, time, timedelta
from pathlib import Path

COLUMNS = (
    *("办件编号", "事项编码", "流水号", "数据版本", "环节", "开始时间", "完成时间", "经办人", "经办部门"),
    *("窗口", "申请人", "代办机构", "办理形式", "特别程序", "申报工作日", "办理结果"),
)
LICENCE, SERVICE = "430111-XK-0101", "430111-GG-0207"
HOLIDAYS = {date(2026, 4, 4), date(2026, 4, 5), date(2026, 4, 6), *(date(2026, 5, day) for day in range(1, 6))}
MAKEUP = {date(2026, 5, 9)}
OFFICERS = {"受理": "李敏", "审查": "王建国", "现场核查": "陈涛", "审批": "赵立新", "办结": "李敏"}
NIGHT = "孙夜明"
AGENT = "AG-0042 湘江企业服务"
Row = dict[str, str]


def is_working(day: date) -> bool:
    return day in MAKEUP or (day.weekday() < 5 and day not in HOLIDAYS)


def after(day: date, count: int) -> date:
    """The `count`-th working day after `day`."""
    while count:
        day += timedelta(days=1)
        count -= is_working(day)
    return day


def at(day: date, hour: int, minute: int) -> str:
    return datetime.combine(day, time(hour, minute)).isoformat(" ")


class Case:
    """One case and its rows, each under a running number of its own."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.item = LICENCE if number % 3 else SERVICE
        self.accepted = after(date(2026, 3, 1), 1 + number % 12)
        self.minute = number * 7 % 60
        self.rows: list[Row] = []

    def tell(self, step: str, begun: str, done: str, officer: str = "", version: int = 1, **more: str) -> None:
        number = len(self.rows) if version > 1 else len(self.rows) + 1
        self.rows.append(
            {
                "办件编号": f"430111-2026-{self.number:04}",
                "事项编码": self.item,
                "流水号": str(number),
                "数据版本": str(version),
                "环节": step,
                "开始时间": begun,
                "完成时间": done,
                "经办人": officer or OFFICERS.get(step, ""),
                "经办部门": "市场监管局" if self.item == LICENCE else "人力资源和社会保障局",
                "窗口": f"W-{self.number % 8 + 1:02}",
                "申请人": f"申请人{self.number:03}",
                "代办机构": AGENT if 31 <= self.number <= 39 else "",
                "办理形式": ("窗口", "网上", "移动端")[self.number % 3],
                **more,
            }
        )

    def accept(self) -> None:
        self.tell("受理", "", at(self.accepted, 9, self.minute))

    def step(self, name: str, begun_wd: int, done_wd: int, hour: int = 10, officer: str = "") -> None:
        """A step from one working day after acceptance to another."""
        begun, done = after(self.accepted, begun_wd), after(self.accepted, done_wd)
        self.tell(name, at(begun, hour, self.minute), at(done, hour + 1, self.minute), officer)

    def finish(self, wd: int) -> None:
        day = after(self.accepted, wd)
        if self.item == LICENCE:
            self.tell("决定", "", at(day, 15, self.minute), OFFICERS["审批"], 办理结果="准予许可")
        self.tell("办结", "", at(day, 16, self.minute), 办理结果="出证办结")


def ordinary(case: Case) -> None:
    case.accept()
    if case.item == SERVICE:
        case.step("审查", 0, 0)
        case.step("审批", 1, 1)
        case.finish(1)
        return
    case.step("审查", 0, 1)
    case.step("现场核查", 1, 2, 14)
    case.step("审批", 2, 2, 16)
    case.finish(3 + case.number % 2)


def at_night(case: Case) -> None:
    """Three approvals an evening on three evenings, as if the files had waited for the quiet hours."""
    case.item, case.accepted = LICENCE, after(date(2026, 3, 15), 1 + (case.number - 31) // 3)
    case.accept()
    case.step("审查", 0, 1)
    case.step("现场核查", 1, 1, 14)
    day, minute = after(case.accepted, 1), 10 + case.number % 3 * 12
    case.tell("审批", at(day, 20, minute), at(day, 20, minute + 5), NIGHT)
    case.finish(2)


def over_the_promise(case: Case) -> None:
    case.item = LICENCE
    case.accept()
    case.step("审查", 0, 1)
    if case.number < 47:
        case.step("审批", 9, 9, 15)
        case.finish(10)


def over_the_law(case: Case) -> None:
    case.item = LICENCE
    case.accepted = date(2026, 3, 2 + case.number % 2)
    case.accept()
    case.step("审查", 0, 1)
    case.step("现场核查", 1, 2, 14)


def lying_review(case: Case) -> None:
    case.item = LICENCE
    case.accept()
    case.step("审查", 0, 4)
    case.step("现场核查", 4, 5, 14)
    case.step("审批", 5, 5, 16)
    case.finish(6)


def long_testing(case: Case) -> None:
    case.item, case.accepted = LICENCE, date(2026, 3, 2)
    case.accept()
    case.step("审查", 0, 1)
    begun, ended = after(case.accepted, 2), after(case.accepted, 15)
    case.tell("特别程序开始", "", at(begun, 11, 0), OFFICERS["审查"], 特别程序="检验", 申报工作日="8")
    case.tell("特别程序结束", "", at(ended, 11, 0), OFFICERS["审查"], 特别程序="检验")
    case.step("现场核查", 16, 16, 14)
    case.step("审批", 16, 16, 16)
    case.finish(17)


def without_review(case: Case) -> None:
    case.item = LICENCE
    case.accept()
    case.step("现场核查", 1, 2, 14)
    case.step("审批", 2, 2, 16)
    case.finish(3)


def one_hand(case: Case) -> None:
    case.item = LICENCE
    case.accept()
    case.step("审查", 0, 1, officer=OFFICERS["审批"])
    case.step("现场核查", 1, 2, 14)
    case.step("审批", 2, 2, 16)
    case.finish(3)


def moved_acceptance(case: Case) -> None:
    case.accept()
    case.tell("受理", "", at(after(case.accepted, 1), 14, case.minute), version=2)
    case.step("审查", 1, 1, 15)
    case.step("审批", 2, 2, 16)
    case.finish(2)


def still_open(case: Case) -> None:
    case.accepted = date(2026, 4, 9)
    case.accept()
    case.tell("审查", at(date(2026, 4, 10), 10, case.minute), "")


KINDS = {
    **dict.fromkeys(range(31, 40), at_night),
    **dict.fromkeys(range(45, 48), over_the_promise),
    **dict.fromkeys(range(48, 50), over_the_law),
    **dict.fromkeys(range(50, 53), lying_review),
    53: long_testing,
    **dict.fromkeys(range(54, 56), without_review),
    **dict.fromkeys(range(56, 58), one_hand),
    58: moved_acceptance,
    **dict.fromkeys(range(59, 61), still_open),
}


def text() -> str:
    """The whole log as CSV."""
    cases = [Case(number) for number in range(1, 61)]
    for case in cases:
        KINDS.get(case.number, ordinary)(case)
    rows = sorted((row for case in cases for row in case.rows), key=lambda row: row["完成时间"] or row["开始时间"])
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


if __name__ == "__main__":
    Path(__file__).with_name("log.csv").write_text(text(), "utf-8")
