"""The page `/docs`: what a window system's programmer needs, in Chinese or English, with no script and nothing from elsewhere."""

from __future__ import annotations

import json
from html import escape

from streams.gateway.body import Limits
from streams.gateway.faults import Fault
from streams.gateway.samples import SAMPLES, Sample
from supervision.event import TOPIC_OF, WITHOUT_CASE, EventType, Stream
from supervision.refusal import EXPLANATIONS
from supervision.subject import wanted_for

_STYLE = """
body{font:16px/1.6 system-ui,"Noto Sans CJK SC",sans-serif;max-width:64rem;
margin:0 auto;padding:1rem 1.5rem;color:#1a1a1a;background:#fff}
pre{background:#f4f5f7;padding:.8rem;overflow:auto;font-size:14px}table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #c9ccd1;text-align:left;padding:.3rem .6rem;vertical-align:top}code{background:#f4f5f7}
@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#15171a}pre,code{background:#22262b}a{color:#8ab4f8}}
"""


def html(limits: Limits, language: str) -> str:
    """The page in `zh` or `en`."""

    def say(zh: str, en: str) -> str:
        return zh if language == "zh" else en

    other = say('<a href="/docs?lang=en" lang="en">English</a>', '<a href="/docs?lang=zh" lang="zh">中文</a>')
    title = say("电子监察事件网关", "Gateway of electronic supervision")
    parts = [
        f"<h1>{title}</h1><p>{other} · <a href='/openapi.json'>openapi.json</a></p>",
        f"<h2>{say('报送事件', 'Post events')}</h2>",
        f"<p>{_introduction(limits, language)}</p>",
        *(_sample(sample, language) for sample in SAMPLES),
        f"<h2>{say('不接收时的回答', 'When a request is not taken')}</h2>{_faults(language)}",
        f"<h2>{say('单个事件不接收的原因', 'Why an event is not taken')}</h2>{_reasons(language)}",
        f"<h2>{say('事件类型', 'Event types')}</h2>{_types(language)}",
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style>'
    lang = say("zh-CN", "en")
    return f'<!doctype html><html lang="{lang}"><head>{head}</head><body><main>{"".join(parts)}</main></body></html>\n'


def _introduction(limits: Limits, language: str) -> str:
    if language == "zh":
        return (
            "<code>POST /v1/events</code>,正文为一个事件、数组或 NDJSON,可 gzip 压缩。"
            "密钥由监察方用 <code>supervision gateway-key add</code> 发放,"
            f"写在 <code>Authorization: Bearer</code> 头中。"
            f"一次最多 {limits.events} 个事件、{limits.body_bytes} 字节(解压后),"
            f"{limits.body_s:g} 秒内到齐。202 表示 Kafka 的所有副本都已确认;同一事件重报无害,遇 503 或断线请原样重报。"
            "发生时间晚于接收时间五分钟以上的事件予以隔离,各规则均不采用,直至报来时间合理的更正版本"
            "(新的 event_id、<code>supersedes_event_id</code> 和更高的 <code>data_version</code>)。"
            "证件号码写在 <code>applicant_id_no</code>、<code>agent_id_no</code>、<code>actor_id_no</code>"
            "(手机号 <code>…_phone</code>;"
            "业务内容中为 <code>complainant_</code>、<code>rater_</code>、<code>contact_</code>、<code>receiver_</code>),"
            "网关只保留其密钥散列;其他字段中形如证件号码、手机号码的内容一律遮盖。"
        )
    return (
        "<code>POST /v1/events</code>; the body is one event, an array, or NDJSON, gzipped or not. The supervision office gives the"
        " key (<code>supervision gateway-key add</code>); it goes into the header <code>Authorization: Bearer</code>."
        f" At most {limits.events} events and {limits.body_bytes} bytes (unpacked) a request, arriving within {limits.body_s:g} s."
        " 202 means that every replica of Kafka has it. What is sent twice counts once: after a 503 or a broken connection send the"
        " same again. An event that says it occurred more than five minutes after it is received is quarantined: no rule reads it"
        " until a correction has a possible time (a new event_id, <code>supersedes_event_id</code>, a higher"
        " <code>data_version</code>)."
        " Numbers of persons go into <code>applicant_id_no</code>, <code>agent_id_no</code>, <code>actor_id_no</code>"
        " (phones: <code>…_phone</code>; in payloads <code>complainant_</code>, <code>rater_</code>, <code>contact_</code>,"
        " <code>receiver_</code>); the gateway keeps keyed hashes of them only, and masks what looks like such a number elsewhere."
    )


def _sample(sample: Sample, language: str) -> str:
    if sample.is_lines:
        kind, body = "application/x-ndjson", "\n".join(json.dumps(each, ensure_ascii=False) for each in sample.body)
    else:
        kind, body = "application/json", json.dumps(sample.body, ensure_ascii=False, indent=2)
    accepted, quarantined, refused = sample.outcome
    head = f"POST /v1/events\nAuthorization: Bearer svk_…\nContent-Type: {kind}\n\n"
    answer = f'202 {{"accepted":{accepted},"quarantined":{quarantined},"refused":{refused},"results":[…]}}'
    words = sample.zh if language == "zh" else sample.en
    return f"<h3>{escape(words)}</h3><pre>{escape(head + body)}\n\n→ {escape(answer)}</pre>"


def _table(rows: list[list[str]]) -> str:
    cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"


def _faults(language: str) -> str:
    faults = [fault for fault in Fault if fault.status not in {404, 405}]
    return _table([[str(each.status), f"<code>{each.word}</code>", escape(each.body()["message"][language])] for each in faults])


def _reasons(language: str) -> str:
    return _table(
        [
            [f"<code>{reason.value}</code>", escape(words[0] if language == "zh" else words[1])]
            for reason, words in EXPLANATIONS.items()
        ]
    )


def _types(language: str) -> str:
    streams = {Stream.CASE: ("办件", "case"), Stream.ACTIVITY: ("行为", "activity")}
    needs = [
        (each, "case_id" if TOPIC_OF[each] is Stream.CASE and each not in WITHOUT_CASE else wanted_for(each)) for each in EventType
    ]
    return _table([[f"<code>{each}</code>", streams[TOPIC_OF[each]][language == "en"], escape(need)] for each, need in needs])
