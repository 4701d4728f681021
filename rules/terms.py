"""The office's words for what stands in cards and alerts, in Chinese and English. For pages and tables that people read."""

from __future__ import annotations

_WORDS: dict[str, tuple[str, str]] = {
    "notice": ("提示", "notice"),
    "yellow": ("黄牌", "yellow"),
    "red": ("红牌", "red"),
    "card": ("发牌", "card"),
    "clue": ("线索", "clue"),
    "issued": ("已发", "issued"),
    "revoked": ("已撤销", "revoked"),
    "withheld": ("暂缓", "withheld"),
    "time": ("时限", "time"),
    "procedure": ("程序", "procedure"),
    "misconduct": ("廉政风险", "misconduct"),
    "discipline": ("窗口纪律", "discipline"),
    "department": ("责任部门", "the department"),
    "centre": ("政务服务中心", "the centre"),
    "bureau": ("监察机关", "the bureau"),
    "discipline_only": ("仅纪检监察", "discipline inspection only"),
    "fires": ("发牌", "fires"),
    "quiet": ("不发", "quiet"),
    "edge": ("临界", "edge"),
    "due": ("届满", "due"),
    "clock": ("时钟走到此处", "the clock reaches this"),
    "correction": ("更正", "correction"),
    "case_accepted": ("受理", "case accepted"),
    "supplement_accepted": ("补正受理", "supplement accepted"),
    "acceptance_refused": ("不予受理", "acceptance refused"),
    "supplement_notified": ("补正告知", "supplement notified"),
    "step_started": ("环节开始", "step started"),
    "step_completed": ("环节完成", "step completed"),
    "special_procedure_started": ("特别程序开始", "special procedure started"),
    "special_procedure_ended": ("特别程序结束", "special procedure ended"),
    "extension_approved": ("批准延期", "extension approved"),
    "decision_made": ("作出决定", "decision made"),
    "case_completed": ("办结", "case completed"),
    "case_returned": ("退件", "case returned"),
    "case_withdrawn": ("撤回", "case withdrawn"),
    "case_terminated": ("终止", "case terminated"),
    "case_voided": ("作废", "case voided"),
    "case_reopened": ("重开", "case reopened"),
    "leave_approved": ("批准请假或者加班", "leave or overtime approved"),
}


def word(name: str, language: str) -> str:
    """The word for an identifier in `zh` or `en`; an identifier without one stays as it is."""
    found = _WORDS.get(name)
    return name if found is None else found[0 if language == "zh" else 1]
