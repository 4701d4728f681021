"""What the city's offices offer: items with limits, steps and workflows. Names and numbers are made up, but usual."""

from __future__ import annotations

from msgspec import Struct, convert

from supervision.event import CaseType
from supervision.reference import FeeStandard, Item, Material, Pair, RiskClass, Step, Workflow
from supervision.worktime import Limit, Unit

GUIDE = (
    Material(code="M01"),
    Material(code="M02"),
    Material(code="M03"),
    Material(code="M04"),
    Material(code="M05", mandatory=False),
)
STEP_NAMES = {"handle": "审查", "site_check": "现场核查", "review": "审核", "approve": "批准"}


class Offer(Struct, frozen=True, kw_only=True):
    """One item as every office of a level has it. `steps`: what really happens; `workflow`: what the catalogue declares of it.

    `delivery`: promised after the decision; `electronic`: with an electronic certificate; `extension`: how many working days a law
    of its own allows. `weight`: how often it is asked for among its kind; `towns`: whether township centres have it too.
    """

    code: str
    name: str
    department: str
    item_type: str = "01"
    case_type: CaseType = CaseType.PROMISED
    promised: Limit | None = None
    legal: Limit | None = None
    has_legal_limit: bool = True
    steps: tuple[str, ...] = ("handle", "review", "approve")
    workflow: Workflow = Workflow()
    risk_class: RiskClass = RiskClass.NORMAL
    weight: float = 1.0
    towns: bool = False
    delivery: Limit | None = None
    electronic: bool = False
    extension: int | None = None

    def item(self, region: str, department_id: str) -> Item:
        """The catalogue entry of one region's office."""
        return Item(
            code=f"{region}-{self.code}",
            name=self.name,
            item_type=self.item_type,
            case_type=self.case_type,
            promised_limit=self.promised,
            legal_limit=self.legal,
            has_legal_limit=self.has_legal_limit,
            workflow=self.workflow,
            risk_class=self.risk_class,
            delivery_limit=self.delivery,
            electronic_certificate=self.electronic,
            extension_max_wd=self.extension,
            region_code=region,
            department_id=department_id,
            materials=GUIDE,
            catalog_code=f"0001{self.code[-4:]}000",
        )


FLAT, BY_COPY, FREE, LOWERED = "SF01", "SF02", "SF03", "SF04"  # fee items; a city's begin with its prefix
FLAT_FEN, COPY_FEN, BEFORE_FEN, AFTER_FEN = 10_000, 500, 8_000, 6_000
LOWERED_AT = 1_773_590_400_000  # 2026-03-16 00:00 in Shanghai


def fee_item(prefix: str, code: str) -> str:
    return f"{prefix}-{code}"


def treasury(prefix: str) -> str:
    """The account that fees go to."""
    return f"{prefix}-CZ01"


def price_table(prefix: str) -> tuple[FeeStandard, ...]:
    """What a city may charge."""
    accounts = (treasury(prefix), f"{prefix}-CZ02")

    def line(code: str, **fields: object) -> FeeStandard:
        same = {"fee_item_code": fee_item(prefix, code), "payee_accounts": accounts, "version": "2026"}
        return convert(same | fields, FeeStandard)

    return (
        line(FLAT, name="证照工本费", standard_fen=FLAT_FEN),
        line(BY_COPY, name="副本工本费", standard_fen=COPY_FEN, unit="份"),
        line(FREE, name="申请表工本费", free=True),
        line(LOWERED, name="考务费", standard_fen=BEFORE_FEN, version="2025", valid_to=LOWERED_AT),
        line(LOWERED, name="考务费", standard_fen=AFTER_FEN, valid_from=LOWERED_AT),
    )


def _step(code: str, limit_wd: int | None, *, mandatory: bool = False, key_step: bool = True) -> Step:
    limit = None if limit_wd is None else Limit(limit_wd)
    return Step(code=code, name=STEP_NAMES[code], mandatory=mandatory, key_step=key_step, limit=limit)


def standard(handle: int, review: int, approve: int, site_check: int | None = None) -> Workflow:
    """Review before approval, by two persons; where there is a site check, it may not be left out."""
    checked = () if site_check is None else (_step("site_check", site_check, mandatory=True),)
    return Workflow(
        steps=(_step("handle", handle), *checked, _step("review", review, mandatory=True), _step("approve", approve)),
        precedence=(Pair("review", "approve"),),
        separated=(Pair("review", "approve"),),
    )


def wd(value: int) -> Limit:
    return Limit(value)


CHECKED = ("handle", "site_check", "review", "approve")
# A fully authorised window: one reviews and approves, nothing is separated. Where steps are known but not declared: simplified.
ONE_PERSON = Workflow(steps=(_step("handle", 2), _step("review", 1), _step("approve", 1)))
COMMITMENT = Workflow(steps=(_step("approve", 1, mandatory=True),))
# The handling step of long inquiries is no key step: T05 leaves it alone.
INQUIRY = Workflow(
    steps=(_step("handle", 3, key_step=False), _step("review", 5, mandatory=True), _step("approve", 2)),
    precedence=(Pair("review", "approve"),),
    separated=(Pair("review", "approve"),),
)

OFFERS: tuple[Offer, ...] = (
    Offer(code="XK-0101", name="食品经营许可", department="SCJG", promised=wd(7), legal=wd(20), steps=CHECKED,
          workflow=standard(2, 1, 1, 2), weight=4, electronic=True),
    Offer(code="XK-0102", name="药品零售企业经营许可", department="SCJG", promised=wd(10), legal=wd(20), steps=CHECKED,
          workflow=standard(3, 1, 1, 3), risk_class=RiskClass.HIGH),
    Offer(code="XK-0103", name="企业设立登记(全程网办)", department="SCJG", promised=Limit(4, Unit.HOUR), legal=wd(20),
          steps=("handle", "approve"), weight=2),
    Offer(code="XK-0104", name="特种设备生产单位许可", department="SCJG", promised=wd(15), legal=wd(30), steps=CHECKED,
          workflow=standard(4, 2, 2, 5), delivery=wd(6)),
    Offer(code="XK-0201", name="建筑工程施工许可证核发", department="ZJJ", promised=wd(5), legal=wd(15),
          workflow=standard(2, 1, 1), weight=2),
    Offer(code="XK-0202", name="燃气经营许可", department="ZJJ", promised=wd(20), legal=wd(20), workflow=standard(8, 5, 3)),
    Offer(code="XK-0301", name="建设工程规划许可证核发", department="ZGJ", promised=wd(10), legal=wd(20),
          workflow=standard(4, 2, 2), extension=20),
    Offer(code="QR-0302", name="不动产转移登记", department="ZGJ", item_type="07", promised=wd(3), legal=wd(30),
          workflow=standard(1, 1, 1), weight=5),
    Offer(code="XK-0303", name="林木采伐许可", department="ZGJ", promised=wd(4), legal=wd(20), workflow=ONE_PERSON),
    Offer(code="XK-0401", name="公共场所卫生许可", department="WJW", promised=wd(6), legal=wd(20), steps=CHECKED,
          workflow=standard(1, 1, 1, 2), weight=2),
    Offer(code="XK-0402", name="医疗机构执业登记", department="WJW", promised=wd(15), legal=wd(45), workflow=standard(6, 4, 2)),
    Offer(code="XK-0501", name="道路货物运输经营许可", department="JTJ", promised=wd(5), legal=wd(20),
          workflow=standard(2, 1, 1), weight=3, electronic=True),
    Offer(code="XK-0502", name="户外广告设施设置审批", department="JTJ", promised=wd(7), legal=wd(20), workflow=ONE_PERSON),
    Offer(code="XK-0601", name="民办培训机构设立审批", department="JYJ", promised=wd(12), legal=wd(60), workflow=INQUIRY),
    Offer(code="XK-0602", name="教师资格认定", department="JYJ", promised=wd(8), legal=wd(30),
          workflow=standard(3, 2, 1), weight=2),
    Offer(code="GF-0701", name="最低生活保障待遇核定", department="MZJ", item_type="05", has_legal_limit=False,
          workflow=ONE_PERSON, towns=True),
    Offer(code="XK-0702", name="社会团体成立登记", department="MZJ", promised=wd(9), legal=wd(20)),
    Offer(code="XK-0801", name="排污许可证核发", department="STJ", promised=wd(12), legal=wd(30), steps=CHECKED,
          workflow=standard(4, 2, 1, 4)),
    Offer(code="XK-0901", name="危险化学品经营许可", department="YJJ", promised=wd(14), legal=wd(30), steps=CHECKED,
          workflow=standard(4, 2, 2, 4), risk_class=RiskClass.HIGH),
    Offer(code="XK-0902", name="安全生产经营备案(告知承诺)", department="YJJ", promised=wd(3), legal=wd(20), steps=("approve",),
          workflow=COMMITMENT),
    Offer(code="QT-1001", name="公章刻制备案", department="GAJ", item_type="10", promised=wd(1), has_legal_limit=False,
          steps=("handle",), weight=2),
    Offer(code="QR-1101", name="工伤认定", department="RSJ", item_type="07", promised=wd(25), legal=wd(60), workflow=INQUIRY),
    Offer(code="FW-1102", name="社会保险关系转移接续", department="RSJ", item_type="20", promised=wd(8), has_legal_limit=False,
          workflow=standard(3, 2, 1), weight=3, towns=True),
    Offer(code="FW-1201", name="异地就医费用手工报销", department="YBJ", item_type="20", promised=wd(10), has_legal_limit=False,
          workflow=standard(4, 2, 1), weight=3, towns=True),
)  # fmt: skip


def instant(code: str, name: str, department: str, weight: float = 1.0, *, towns: bool = True) -> Offer:
    return Offer(
        code=code,
        name=name,
        department=department,
        item_type="20",
        case_type=CaseType.INSTANT,
        promised=wd(1),
        has_legal_limit=False,
        steps=(),
        weight=weight,
        towns=towns,
    )


INSTANT: tuple[Offer, ...] = (
    instant("FW-2001", "居民身份证到期换领", "GAJ", 6),
    instant("FW-2002", "户籍信息证明开具", "GAJ", 4),
    instant("FW-2003", "无犯罪记录证明开具", "GAJ", 3, towns=False),
    instant("FW-2101", "社会保障卡补领", "RSJ", 6),
    instant("FW-2102", "城乡居民养老保险待遇领取资格认证", "RSJ", 5),
    instant("FW-2103", "灵活就业人员参保登记", "RSJ", 3),
    instant("FW-2201", "城乡居民基本医疗保险参保登记", "YBJ", 5),
    instant("FW-2202", "异地就医备案", "YBJ", 4),
    instant("FW-2301", "个体工商户注销登记", "SCJG", 3, towns=False),
    instant("FW-2302", "营业执照遗失补领", "SCJG", 2, towns=False),
    instant("FW-2401", "老年人优待证办理", "MZJ", 3),
    instant("FW-2402", "婚姻登记档案查询", "MZJ", 2),
    instant("FW-2501", "生育登记", "WJW", 3),
    instant("FW-2601", "从业资格证换发", "JTJ", 2, towns=False),
)
