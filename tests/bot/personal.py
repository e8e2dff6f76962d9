"""Personal data that belongs to nobody, in every written form, inside sentences as customers write them.

Numbers have right check digits; names, addresses and the like come from the faker package, which knows nothing of our
patterns. Everything follows from the seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from faker import Faker

FULL_WIDTH = str.maketrans("0123456789+-@.", "０１２３４５６７８９＋－＠．")
CHINESE = str.maketrans("0123456789", "零一二三四五六七八九")
PHONE_CHINESE = str.maketrans("0123456789", "〇幺二三四五六七八九")
FORMAL = str.maketrans("0123456789", "零壹贰叁肆伍陆柒捌玖")
CIRCLED = str.maketrans("123456789", "①②③④⑤⑥⑦⑧⑨")
AREAS = ("010", "021", "022", "020", "0571", "0755", "0311", "0898", "0771", "0991")


@dataclass(frozen=True)
class Sample:
    """``text`` holds ``secret``, written as ``form`` says; ``parts`` must not all be readable after masking."""

    kind: str
    form: str
    secret: str
    text: str


def grouped(number: str, sizes: tuple[int, ...], gap: str) -> str:
    """``number`` cut into groups; what is left over is the last one."""
    pieces, at = [], 0
    for size in (*sizes, len(number)):
        if at < len(number):
            pieces.append(number[at : at + size])
            at += size
    return gap.join(pieces)


def mobile(dice: random.Random) -> str:
    return "1" + dice.choice("3456789") + "".join(dice.choices("0123456789", k=9))


def citizen(dice: random.Random) -> str:
    """Eighteen characters with a check digit after GB 11643."""
    area = dice.choice(("110105", "310104", "440305", "330106", "510107", "650102", "130102", "150102"))
    head = f"{area}{dice.randrange(1940, 2015)}{dice.randrange(1, 13):02d}{dice.randrange(1, 29):02d}{dice.randrange(1000):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return head + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(head, weights, strict=True)) % 11]


def card(dice: random.Random) -> str:
    """Sixteen or nineteen digits that pass the Luhn check."""
    head = "62" + "".join(dice.choices("0123456789", k=dice.choice((13, 16))))
    doubled = [int(digit) * 2 if place % 2 == 0 else int(digit) for place, digit in enumerate(reversed(head))]
    return head + str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def mixed(number: str, dice: random.Random) -> str:
    """Some digits in Chinese, some not."""
    return "".join(digit.translate(CHINESE) if dice.random() < 0.5 else digit for digit in number)


def mobile_forms(phone: str, dice: random.Random) -> dict[str, str]:
    chinese = phone.translate(CHINESE)
    return {
        "plain": phone,
        "+86": f"+86{phone}",
        "+86 spaced": f"+86 {grouped(phone, (3, 4), ' ')}",
        "0086": f"0086{phone}",
        "0086-": f"0086-{phone}",
        "86-": f"86-{grouped(phone, (3, 4), '-')}",
        "(+86)": f"(+86){grouped(phone, (3, 4), ' ')}",
        "（86）": f"（86）{phone}",
        "spaces 3 4 4": grouped(phone, (3, 4), " "),
        "spaces 4 4 3": grouped(phone, (4, 4), " "),
        "spaces 3 3 5": grouped(phone, (3, 3), " "),
        "dashes": grouped(phone, (3, 4), "-"),
        "long dashes": grouped(phone, (3, 4), "—"),
        "dots": grouped(phone, (3, 4), "."),
        "middle dots": grouped(phone, (3, 4), "·"),
        "slashes": grouped(phone, (3, 4), "/"),
        "commas": grouped(phone, (3, 4), "，"),
        "two spaces": grouped(phone, (3, 4), "  "),
        "single digits": grouped(phone, (1,) * 11, " "),
        "single dashed": grouped(phone, (1,) * 11, "-"),
        "pairs": grouped(phone, (3, 2, 2, 2), " "),
        "odd groups": grouped(phone, (2, 3, 3), " "),
        "zero width": "\u200b".join((phone[:3], phone[3:7], phone[7:])),
        "full width": phone.translate(FULL_WIDTH),
        "full width, dashes": grouped(phone, (3, 4), "-").translate(FULL_WIDTH),
        "+86 full width": f"+86{phone}".translate(FULL_WIDTH),
        "chinese": chinese,
        "chinese 幺": phone.translate(PHONE_CHINESE),
        "formal": phone.translate(FORMAL),
        "chinese spaced": grouped(chinese, (3, 4), " "),
        "chinese dashed": grouped(chinese, (3, 4), "-"),
        "chinese, commas": grouped(chinese, (3, 4), "，"),
        "chinese, 、": grouped(chinese, (3, 4), "、"),
        "chinese 4 4 3": grouped(chinese, (4, 4), " "),
        "mixed": mixed(phone, dice),
        "half and half": phone[:3] + chinese[3:],
        "half and half, spaced": f"{chinese[:3]} {phone[3:7]} {chinese[7:]}",
        "words": f"{phone[:3]}然后是{phone[3:7]}再{phone[7:]}",
        "chinese words": f"{chinese[:3]}，然后{chinese[3:7]}，最后{chinese[7:]}",
        "circled": phone.translate(CIRCLED),
        "letter O": phone.replace("0", "O"),
        "markdown": f"**{phone}**",
        "brackets": f"【{phone}】",
    }


def citizen_forms(number: str, dice: random.Random) -> dict[str, str]:
    old = number[:6] + number[8:17]
    return {
        "18": number,
        "18 lower case": number.lower(),
        "6 8 4": grouped(number, (6, 8), " "),
        "6 8 4 dashed": grouped(number, (6, 8), "-"),
        "6 4 4 4": grouped(number, (6, 4, 4), " "),
        "3 3 4 4 4": grouped(number, (3, 3, 4, 4), " "),
        "any groups": grouped(number, (5, 5, 4), " "),
        "fours": grouped(number, (4, 4, 4, 4), " "),
        "full width": number.translate(FULL_WIDTH),
        "chinese": number.translate(CHINESE),
        "mixed": mixed(number, dice),
        "15": old,
        "15 spaced": grouped(old, (6, 6), " "),
    }


def card_forms(number: str, dice: random.Random) -> dict[str, str]:
    return {
        "plain": number,
        "fours": grouped(number, (4, 4, 4, 4), " "),
        "fours dashed": grouped(number, (4, 4, 4, 4), "-"),
        "6 and the rest": grouped(number, (6,), " "),
        "sixes": grouped(number, (6, 6), " "),
        "full width": number.translate(FULL_WIDTH),
        "chinese": number.translate(CHINESE),
    }


def landline_forms(area: str, local: str, dice: random.Random) -> dict[str, str]:
    extension = str(dice.randrange(1, 9999))
    return {
        "dash": f"{area}-{local}",
        "plain": f"{area}{local}",
        "space": f"{area} {local}",
        "brackets": f"（{area}）{local}",
        "fours": f"{area}-{local[:4]}-{local[4:]}",
        "fours spaced": f"{area} {local[:4]} {local[4:]}",
        "long dash": f"{area}—{local}",
        "+86": f"+86 {area[1:]} {local}",
        "+86-": f"+86-{area}-{local}",
        "extension 转": f"{area}-{local}转{extension}",
        "extension -": f"{area}-{local}-{extension}",
        "extension 分机": f"{area}-{local}分机{extension}",
        "full width": f"{area}-{local}".translate(FULL_WIDTH),
        "chinese": f"{area}{local}".translate(CHINESE),
    }


def mail_forms(local: str, domain: str) -> dict[str, str]:
    mail = f"{local}@{domain}"
    return {
        "plain": mail,
        "upper case": mail.upper(),
        "full width @": mail.replace("@", "＠"),
        "full width": mail.translate(FULL_WIDTH),
        "spaces": mail.replace("@", " @ "),
        "(at)": mail.replace("@", "(at)"),
        "[at]": mail.replace("@", "[at]"),
        " at ": mail.replace("@", " at "),
        "艾特": mail.replace("@", "艾特"),
        "艾特 点": f"{local}艾特{domain.replace('.', '点')}",
        "at dot": f"{local} at {domain.replace('.', ' dot ')}",
    }


PHRASES = {
    "mobile": ("我的手机号是{}，麻烦尽快回电", "电话{}", "打{}找我一下", "{}", "请联系{}谢谢", "号码：{}（下午打）", "留个号{}一会儿打给我"),
    "citizen": ("身份证{}，麻烦核实", "证件号码：{}", "{}这是我的身份证", "实名信息 {} 对吗"),
    "card": ("退到我的卡{}吧", "银行卡号：{}", "{} 建设银行", "卡号是{}，户主是我"),
    "landline": ("家里电话{}", "座机：{}，白天有人", "打{}", "{}可以找到我", "单位电话是{}"),
    "mail": ("发票发到{}", "邮箱：{}，谢谢", "我的email是 {}", "{}"),
    "name": ("收件人：{}", "姓名：{}，麻烦改一下", "我叫{}，想查订单", "联系人是{}", "户名：{}", "收货人 {}，电话没变", "收货人{}"),
    "address": ("收货地址：{}", "地址改成{}，谢谢", "我住在{}", "请送到{}", "{}，能送到吗", "帮我寄到{}"),
    "plate": ("车牌{}，送货时能进地库吗", "我的车是{}", "{}"),
    "passport": ("护照{}", "护照号码：{}", "我的护照是{}，可以实名吗"),
    "wechat": ("加我微信{}", "微信：{}", "微信号是{}", "我的vx {}", "V信不用，wx：{}"),
    "qq": ("QQ{}", "QQ号：{}", "加我扣扣 {}", "qq是{}"),
    "order": ("订单号{}怎么还没发", "订单编号：{}", "单号是{}", "我的订单 {} 要退"),
    "tracking": ("快递单号{}", "运单号：{}到哪了", "{}三天没动了", "物流单号是{}"),
}  # fmt: skip


def samples(seed: int, rounds: int) -> Iterator[Sample]:
    """Every kind in every form, ``rounds`` times over."""
    dice = random.Random(seed)
    fake = Faker("zh_CN")
    fake.seed_instance(seed)

    def said(kind: str, form: str, secret: str, written: str) -> Sample:
        return Sample(kind, form, secret, dice.choice(PHRASES[kind]).format(written))

    for _ in range(rounds):
        phone, person, bank = mobile(dice), citizen(dice), card(dice)
        area = dice.choice(AREAS)
        local = str(dice.randrange(2, 9)) + "".join(dice.choices("0123456789", k=7))
        user = fake.user_name()
        for form, written in mobile_forms(phone, dice).items():
            yield said("mobile", form, phone, written)
        for form, written in citizen_forms(person, dice).items():
            yield said("citizen", form, person if form[:2] != "15" else person[:6] + person[8:17], written)
        for form, written in card_forms(bank, dice).items():
            yield said("card", form, bank, written)
        for form, written in landline_forms(area, local, dice).items():
            yield said("landline", form, local, written)
        for form, written in mail_forms(user, fake.free_email_domain()).items():
            yield said("mail", form, user, written)
        name, address = fake.name(), fake.address().rsplit(" ", 1)[0]
        yield said("name", "faker", name, name)
        yield said("address", "faker", address[-4:], address)
        door = real_address(dice)
        yield said("address", "with a door", door[-6:], door)
        yield Sample("form", "name", name, f"{name}，{phone}，{door}")
        yield Sample("form", "lines", name, f"{door}\n{name}\n{phone}")
        yield Sample("form", "address", door[-6:], f"{name} {phone} {door}")
        plate = dice.choice("京沪粤浙苏川鄂") + dice.choice("ABCDE")
        tail = str(dice.randrange(10000, 99999))
        yield said("plate", "plain", tail, plate + tail)
        yield said("plate", "dot", tail, f"{plate}·{tail}")
        yield said("plate", "electric", tail, f"{plate}D{tail}")
        passport = "E" + "".join(dice.choices("0123456789", k=8))
        yield said("passport", "plain", passport, passport)
        yield said("passport", "two letters", passport[2:], f"EK{passport[2:]}")
        wechat = fake.user_name() + str(dice.randrange(10, 999))
        yield said("wechat", "plain", wechat, wechat)
        yield said("qq", "plain", passport[1:], str(dice.randrange(10**7, 10**10)) + passport[7:][:1])
        order = "".join(dice.choices("123456789", k=dice.choice((10, 12, 16, 18, 20))))
        yield said("order", "digits", order, order)
        yield said("order", "spaced", order, grouped(order, (4, 4, 4, 4), " "))
        yield said("order", "letters", order, f"DD{order[:14]}")
        yield said("tracking", "SF", order[:10] + "345", f"SF{order[:10]}345")
        yield said("tracking", "YT", order[:10] + "345", f"YT{order[:10]}345")


REGIONS = (
    "浙江省杭州市西湖区", "北京市海淀区", "上海市浦东新区", "广东省深圳市南山区", "四川省成都市武侯区", "杭州余杭区", "江苏苏州市昆山市",
    "内蒙古自治区呼和浩特市赛罕区", "湖北省宜昌市长阳县龙舟坪镇", "重庆渝北区", "西安市雁塔区", "",
)  # fmt: skip
ROADS = ("文三西路", "中关村大街", "世纪大道", "科技园南路", "人民南路四段", "桃花源巷", "锦绣弄", "建设北街")
ESTATES = ("阳光花园", "万科城市家园", "保利香槟苑", "翠苑新村", "东方公寓", "绿地中央广场")


def real_address(dice: random.Random) -> str:
    """An address as people write it."""
    region, road, estate = dice.choice(REGIONS), dice.choice(ROADS), dice.choice(ESTATES)
    number, house, unit, room = dice.randrange(1, 999), dice.randrange(1, 40), dice.randrange(1, 6), dice.randrange(101, 3305)
    return dice.choice(
        (
            f"{region}{road}{number}号{estate}{house}栋{unit}单元{room}室",
            f"{region}{road}{number}号{house}幢{room}",
            f"{region}{road}{number}弄{house}号{room}室",
            f"{region} {road} {number}号 {estate} {house}号楼{room}",
            f"{region}{road}{number}号{estate}{house}-{unit}-{room}室",
            f"{region}{estate}{house}栋{room}室",
        )
    )
