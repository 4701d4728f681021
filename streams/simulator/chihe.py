"""The second city's words: a wide place in the west, most licences in one approval bureau. All made up; province 98 is none."""

from __future__ import annotations

from streams.simulator.catalogue import CHECKED, COMMITMENT, INQUIRY, ONE_PERSON, Offer, instant, standard, wd
from supervision.reference import RiskClass
from supervision.worktime import Limit, Unit

PROVINCE = ("98", "西原省")
CITY = ("9801", "赤河市")
COUNTIES = (
    ("980102", "红柳区"),
    ("980103", "金滩区"),
    ("980121", "白杨县"),
    ("980122", "戈南县"),
    ("980123", "骆泉县"),
    ("980124", "雪岭县"),
    ("980181", "胡杨市"),
)
TOWNS = ("驼铃镇", "沙枣街道", "清泉乡", "石城镇", "葡萄沟街道", "牧场镇", "风口乡", "绿洲街道")
FEASTS = ("03-20", "06-08")  # two days off that the country does not have
# Approval is one bureau's; the others keep what they register or pay themselves.
DEPARTMENTS = {
    "XZSP": "行政审批服务局",
    "GAJ": "公安局",
    "RSJ": "人力资源和社会保障局",
    "ZGJ": "自然资源局",
    "JTJ": "交通运输局",
    "MZJ": "民政局",
    "YBJ": "医疗保障局",
    "NMJ": "农牧局",
}
AGENTS = ("赤河畅通代办有限公司", "胡杨企业服务中心", "金滩诚信商务咨询有限公司", "白杨便民代理服务部")

OFFERS: tuple[Offer, ...] = (
    Offer(code="CK-5101", name="食品生产许可", department="XZSP", promised=wd(8), legal=wd(20), steps=CHECKED,
          workflow=standard(2, 1, 1, 2), weight=3, electronic=True),
    Offer(code="CK-5102", name="医疗器械经营许可", department="XZSP", promised=wd(12), legal=wd(30), steps=CHECKED,
          workflow=standard(4, 2, 1, 3), risk_class=RiskClass.HIGH, delivery=wd(5)),
    Offer(code="CK-5103", name="企业变更登记(全程网办)", department="XZSP", promised=Limit(6, Unit.HOUR), legal=wd(20),
          steps=("handle", "approve"), weight=2),
    Offer(code="CK-5104", name="建设用地规划许可", department="XZSP", promised=wd(10), legal=wd(20), workflow=standard(3, 2, 2)),
    Offer(code="CK-5105", name="城镇污水排入排水管网许可", department="XZSP", promised=wd(6), legal=wd(15),
          workflow=standard(2, 1, 1), weight=2),
    Offer(code="CK-5106", name="民办幼儿园设立审批", department="XZSP", promised=wd(14), legal=wd(60), workflow=INQUIRY),
    Offer(code="CK-5107", name="取水许可", department="XZSP", promised=wd(20), legal=wd(45), workflow=standard(8, 5, 3)),
    Offer(code="CK-5108", name="公共场所卫生许可(告知承诺)", department="XZSP", promised=wd(3), legal=wd(20), steps=("approve",),
          workflow=COMMITMENT),
    Offer(code="CK-5109", name="民用爆炸物品销售许可", department="GAJ", promised=wd(15), legal=wd(30), steps=CHECKED,
          workflow=standard(5, 2, 2, 4), risk_class=RiskClass.HIGH),
    Offer(code="CT-5110", name="保安员证核发备案", department="GAJ", item_type="10", promised=wd(1), has_legal_limit=False,
          steps=("handle",)),
    Offer(code="CR-5201", name="不动产抵押登记", department="ZGJ", item_type="07", promised=wd(3), legal=wd(30),
          workflow=standard(1, 1, 1), weight=4),
    Offer(code="CK-5202", name="草原征占用许可", department="ZGJ", promised=wd(9), legal=wd(20), steps=CHECKED,
          workflow=standard(3, 1, 1, 3)),
    Offer(code="CK-5301", name="道路旅客运输经营许可", department="JTJ", promised=wd(5), legal=wd(20),
          workflow=standard(2, 1, 1), weight=2),
    Offer(code="CK-5302", name="超限运输车辆通行许可", department="JTJ", promised=wd(4), legal=wd(20), workflow=ONE_PERSON),
    Offer(code="CK-5401", name="种畜禽生产经营许可", department="NMJ", promised=wd(7), legal=wd(20), steps=CHECKED,
          workflow=standard(2, 1, 1, 2), electronic=True),
    Offer(code="CK-5402", name="兽药经营许可", department="NMJ", promised=wd(11), legal=wd(30),
          workflow=standard(4, 3, 2), delivery=wd(7), extension=15),
    Offer(code="CG-5501", name="特困人员救助供养待遇核定", department="MZJ", item_type="05", has_legal_limit=False,
          workflow=ONE_PERSON, towns=True),
    Offer(code="CK-5502", name="民办非企业单位成立登记", department="MZJ", promised=wd(9), legal=wd(20)),
    Offer(code="CR-5601", name="职业病工伤认定", department="RSJ", item_type="07", promised=wd(25), legal=wd(60), workflow=INQUIRY),
    Offer(code="CF-5602", name="失业保险金申领", department="RSJ", item_type="20", promised=wd(8), has_legal_limit=False,
          workflow=standard(3, 2, 1), weight=3, towns=True),
    Offer(code="CF-5701", name="门诊慢特病待遇认定", department="YBJ", item_type="20", promised=wd(12), has_legal_limit=False,
          workflow=standard(4, 3, 2), weight=2, towns=True),
)  # fmt: skip

INSTANT: tuple[Offer, ...] = (
    instant("CF-6001", "居住证签注", "GAJ", 5),
    instant("CF-6002", "户口本补领", "GAJ", 3),
    instant("CF-6101", "社会保障卡密码重置", "RSJ", 5),
    instant("CF-6102", "失业登记", "RSJ", 3),
    instant("CF-6201", "基本医疗保险关系查询打印", "YBJ", 5),
    instant("CF-6202", "医保电子凭证激活", "YBJ", 4),
    instant("CF-6301", "个体工商户设立登记", "XZSP", 4, towns=False),
    instant("CF-6302", "食品小摊点备案", "XZSP", 2, towns=False),
    instant("CF-6401", "高龄津贴资格认证", "MZJ", 3),
    instant("CF-6501", "道路运输证年审", "JTJ", 2, towns=False),
    instant("CF-6601", "农机驾驶证换领", "NMJ", 2),
)
