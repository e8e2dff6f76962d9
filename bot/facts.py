"""What a message tells of a case: an order number, how to address the customer, how to reach them, and what is left.

Pure functions over the words; what is read here is masked where it is stored (:mod:`bot.tickets`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bot.privacy import contacts, mask
from kb.text import letters, normalise

MORE_LETTERS = 4
"""A message that has fewer letters left besides its numbers and name tells nothing else."""

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾"
    "夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔汤温康施牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关"
    "兰焦俞柳甘祝包宁符阮纪梅童凌毕裴霍成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁房滕屈饶牟艾尤阳穆农司卓古吉缪简车连芦麦褚娄"
    "窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂佟应臧闵苟邬边卞姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝"
)
_SURNAME = rf"(?:欧阳|司马|上官|诸葛|司徒|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|[{_SURNAMES}])"
_TITLE = r"(?:先生|女士|小姐|太太|老师|阿姨|大姐|大哥|师傅|同学)"
_END = r"(?=$|[\s,，。.;；、!！?？~])"
_NAMED = re.compile(
    rf"(?:免贵)?(?:我|本人|鄙人)?(?:的)?(?:姓名|名字|收件人|收货人|联系人)?(?:免贵)?(?:姓|叫做?|是|[:：])\s*({_SURNAME})[\u4e00-\u9fff]{{0,2}}?({_TITLE})?{_END}"
)
_CALLED = re.compile(rf"(?:叫|称呼)我?(?:为)?({_SURNAME})({_TITLE}){_END}")
_BARE_NAME = re.compile(
    rf"(?:(?:您?可以)?(?:叫|喊|称呼)我?|我?(?:就)?(?:是|叫|姓)|免贵姓?)?({_SURNAME})(?:[\u4e00-\u9fff]{{0,2}}?)({_TITLE})?(?:就行|就好|就可以|即可|吧)?"
)
_TITLED = re.compile(rf"(?:^|[\s,，;；、])({_SURNAME})({_TITLE}){_END}")
_NICKNAME = re.compile(r"(?:(?:您?可以)?(?:叫|喊|称呼)我?|我(?:就)?叫)([\u4e00-\u9fffA-Za-z]{1,6}?)(?:就行|就好|就可以|即可|吧)?")

_ORDER_LABEL = r"(?:订单|单号|运单|快递单|物流单|交易|流水)(?:编号|编码|号码|号)?(?:后四位|尾号)?(?:应该|好像)?[是为:：#]{0,2}\s*"
_ORDER = re.compile(rf"{_ORDER_LABEL}([A-Za-z]{{0,6}}[-_]?[0-9][0-9A-Za-z_-]{{3,39}})")
_BARE_ORDER = re.compile(r"(?<![0-9A-Za-z@.])([A-Za-z]{0,6}[0-9]{9,30})(?![0-9A-Za-z@])")
_ANY_CODE = re.compile(r"(?<![0-9A-Za-z])([A-Za-z]{0,6}[-_]?[0-9][0-9A-Za-z_-]{3,39})(?![0-9A-Za-z])")
_DIGITS = re.compile(r"(?<![0-9])[0-9](?:[ \-]?[0-9]){4,19}(?![0-9])")

_LABELS = re.compile(
    r"我|的|你们?|您|手机号?码?|电话号?码?|座机|联系方式|联系|号码|订单编?号?码?|单号|邮箱|微信|姓名?|名字|称呼|叫|是|为|可以|就行|就好|打这个"
    r"|请|记一?下|免贵|尾号|后四位|[A-Za-z0-9*@._\-（）()]+"
)


@dataclass(frozen=True, slots=True)
class Told:
    """What was found. ``doubtful``: digits given as a way to be reached that are no usual number. ``more``: whether
    the message says something besides."""

    order: str = ""
    name: str = ""
    contact: str = ""
    doubtful: str = ""
    more: bool = False

    def __bool__(self) -> bool:
        return bool(self.order or self.name or self.contact)


def told(words: str, asked: str = "") -> Told:
    """What ``words`` tell; ``asked`` (``order``, ``name``, ``contact``) is what they reply to, where a bare code, name or
    number is taken for that."""
    text = unicodedata.normalize("NFKC", words)
    contact = "；".join(contacts(words))
    order = _order(text, contact, asked)
    name = _name(text.strip(" ,，。.!！~"), asked)
    doubtful = ""
    if asked == "contact" and not contact and not order:
        digits = _DIGITS.search(text)
        doubtful = re.sub(r"\D", "", digits[0]) if digits else ""
    rest = _LABELS.sub("", mask(text))
    if name:
        rest = re.sub(rf"{_SURNAME}[\u4e00-\u9fff]{{0,2}}{_TITLE}?", "", rest, count=1)
    return Told(order, name, contact, doubtful, len(letters(normalise(rest))) >= MORE_LETTERS)


def _order(text: str, contact: str, asked: str) -> str:
    labelled = _ORDER.search(text)
    if labelled:
        return labelled[1].rstrip("-_")
    for pattern in (_BARE_ORDER, _ANY_CODE) if asked == "order" else (_BARE_ORDER,):
        for match in pattern.finditer(text):
            digits = re.sub(r"\D", "", match[1])
            phone = digits in contact or (len(digits) <= 11 and asked == "contact")
            if not phone and not re.fullmatch(r"1[3-9]\d{9}", digits):
                return match[1].rstrip("-_")
    return ""


def _name(text: str, asked: str) -> str:
    match = _NAMED.search(text) or _CALLED.search(text)
    if match is None and asked:
        match = _TITLED.search(text)  # 王先生 among other facts, where such are asked for
    if match is None and asked == "name":
        match = _BARE_NAME.fullmatch(text)
        if match is None and (nickname := _NICKNAME.fullmatch(text)):
            return nickname[1]
    return f"{match[1]}{match[2] or ''}" if match else ""
