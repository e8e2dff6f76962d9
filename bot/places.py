"""Names and postal addresses in running text.

What is masked is what leads to a door or a person: a road, lane, estate or building with its number, and whatever
stands after 收货地址：; a name after 姓名, 收件人, 我叫 and the like, or between the phone and the address of an order
form. A region alone (北京市朝阳区) is no address, and what the shop says of its own places (退货地址：) is public.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.numbers import Span
from kb.lexicon import words

ADDRESS = "（地址已隐去）"

# Characters that begin or join other words, so that 我住在杭州市 is not read as the name of a city.
_H = r"[\u4e00-\u9fff]"
_N = r"(?![到在寄送是我您你的了住请請帮幫给給往吗呢把将將与與或及並并也不没能可要想这這那哪去来就再换換改发發收从從向至于於有无只每该該本为為])[\u4e00-\u9fff]"
_NUM = r"(?:(?:[0-9]{1,5}|[A-Za-z]|[零〇一二三四五六七八九十百]{1,6})(?:[-#—][0-9A-Za-z]{1,5}){0,3})"
_PROVINCE = (
    r"(?:北京|天津|上海|重庆|重慶|河北|山西|辽宁|遼寧|吉林|黑龙江|黑龍江|江苏|江蘇|浙江|安徽|福建|江西|山东|山東|河南|湖北|湖南"
    r"|广东|廣東|海南|四川|贵州|貴州|云南|雲南|陕西|陝西|甘肃|甘肅|青海|台湾|臺灣|台灣|内蒙古|內蒙古|广西|廣西|西藏|宁夏|寧夏|新疆|香港|澳门|澳門)"
)
_REGION = (
    rf"(?:{_PROVINCE}(?:省|市|(?:壮族|壯族|回族|维吾尔|維吾爾)?自治[区區]|特[别別]行政[区區])?"
    rf"|(?:{_N}){{1,6}}(?:省|市|州|盟|[地新开開][区區发發]|[区區]|[县縣]|旗|[镇鎮]|[乡鄉]|街道))"
)
_ROAD = rf"(?:(?:{_N}){{1,7}}(?:大道|大街|胡同|村|屯|[庄莊]|社[区區])|(?:{_N}){{2,7}}(?:路|街|巷|弄)){_NUM}?(?:[东南西北中東]?[路段街])?"
_ESTATE = (
    rf"(?:{_N}|[A-Za-z0-9]){{1,12}}(?:小[区區]|花[园園]|公寓|大[厦廈]|[广廣][场場]|家[园園]|新村|宿舍|大[学學]|[学學]院|中[学學]|小[学學]|[医醫]院"
    r"|[园園][区區]|[写寫]字[楼樓]|名[苑都邸城]|[苑园園庭邸府城湾灣居郡墅])"
)
_HOME = rf"(?:{_N}|[A-Za-z0-9]){{1,12}}(?:小[区區]|花[园園]|公寓|家[园園]|新村|宿舍|名[苑都邸城]|[苑园園庭邸府湾灣居郡墅])"
_DOOR = rf"(?:[第]?{_NUM}\s?(?:[号號][楼樓院]?|弄|[栋棟]|幢|座|单元|單元|室|[楼樓]|[层層]|房|[门門][牌]?[号號]?|[户戶])\s?(?:[0-9]{{2,5}}(?![0-9元年月天个個件小分号號室栋幢棟单單楼樓层層弄座房]))?)"
_BIT = r"[ ,\-]?"

# A road or an estate with a door, with or without the regions in front; or regions, a road or estate, and a bare number.
_ROADWISE = re.compile(
    rf"(?:{_REGION}{_BIT}){{0,5}}"
    rf"(?:(?:{_ROAD}|{_ESTATE}){_BIT}){{1,4}}"
    rf"(?:(?:{_ROAD}|{_ESTATE})?{_BIT}{_DOOR}{_BIT}){{1,6}}(?:{_ESTATE})?(?:[0-9]{{2,5}}(?![0-9元年月天个個件]))?"
)
_REGIONWISE = re.compile(
    rf"{_PROVINCE}(?:省|市|(?:壮族|回族|维吾尔)?自治[区區])?{_BIT}(?:{_REGION}{_BIT}){{1,5}}"
    rf"(?:(?:(?:{_ROAD}|{_ESTATE}){_BIT}){{0,3}}(?:{_HOME}|{_ROAD}[0-9]|(?:{_ROAD}|{_ESTATE}){_BIT}{_DOOR}){_BIT}(?:{_DOOR}{_BIT}){{0,6}}|(?:{_N}|[A-Za-z0-9]){{1,12}}{_DOOR}(?:{_BIT}{_DOOR}){{0,5}})"
)
_LABELLED = re.compile(
    r"(?P<before>.{0,6})(?:(?P<sure>[收送住寄][货貨件]?(?:的)?地址|地址|住址)|家住|我住在?|寄到|送到|寄往|寄给|送货到|发到)"
    r"[ ]?(?:[是为為:在]|换成|改成|改为|改到)?[ ]{0,2}"
    r"(?P<place>[^\n,。;!?、:\x00]{4,60})"
)
_SHOPS = re.compile(r"(?:退货|退貨|退换|寄回|返修|维修|門店|门店|仓库|倉庫|公司|办公室|辦公室|我们|我們|本店|店铺|商家|邮箱|郵箱|网站|网络|網|IP|ip|链接|登录)的?$")
_SOMEWHERE = re.compile(rf"{_REGION}|{_ROAD}|{_ESTATE}|{_DOOR}")
_DOORWAY = re.compile(rf"{_ROAD}|{_ESTATE}|{_DOOR}")
_DOORISH = re.compile(rf"[0-9A-Za-z零〇一二三四五六七八九十百]\s?(?:[号號弄栋棟幢座室楼樓层層房门門户戶]|[单單]元)|{_PROVINCE}")
_TAIL = re.compile(r"(?:吗|呢|吧|可以|能不能|能|麻烦|请|谢谢|电话|手机|收件|收货|姓名|多久|要|需要|的话|行不行|怎么|为什么|什么|哪).*$")

_SURNAMES = (
    "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何林罗羅高郑鄭梁谢謝宋唐许許韩韓邓鄧冯馮曹彭曾肖萧蕭田董潘袁蔡蒋蔣余于杜叶葉"
    "程魏苏蘇吕呂丁任卢盧姚沈钟鍾姜崔谭譚陆陸范汪廖石金韦韋贾賈夏付傅方邹鄒熊白孟秦邱江尹薛闫閻段雷侯龙龍史陶黎贺賀顾顧毛郝龚龔"
    "邵万萬钱錢严嚴赖賴覃洪武莫孔汤湯向常温溫康施文牛樊葛邢安齐齊易乔喬伍庞龐颜顏倪庄莊聂聶章鲁魯岳翟殷詹申欧歐耿关關兰蘭焦俞左柳"
    "甘祝包宁寧尚符舒阮柯纪紀梅童凌毕畢单單季裴霍涂成苗谷盛曲翁冉骆駱蓝藍路游辛靳管柴蒙鲍鮑华華喻祁蒲房滕屈饶饒解牟艾尤阳陽时時穆农農"
    "司车車项項连連芦娄窦竇冷杭巫应應仇瞿宗费費鄢储焉桂闵司苟戴"
)
_DOUBLE = "欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|夏侯|皇甫|令狐|东方|東方|慕容|司徒|公孙|公孫|尉迟|端木"
_FULL_NAME = rf"(?:(?:{_DOUBLE})[\u4e00-\u9fff]{{1,2}}|[{_SURNAMES}][\u4e00-\u9fff]{{1,2}})"
_LABEL = r"(?:真实姓名|姓名|收件人|收货人|收貨人|联系人|聯繫人|(?:收货人|收件人|联系人|姓名|名字)(?:改成|换成|改为)|户名|戶名|持卡人|开户人|本人叫|我叫|我是叫|我的名字叫?|名字叫?|寄件人|签收人|購買人|购买人|顾客姓名)"
_END = r"(?=$|[^\u4e00-\u9fff]|电话|電話|手机|手機|地址|身份证|号码|可以|吗|的(?:订单|包裹|快递|手机|地址|电话)|收(?:$|[^\u4e00-\u9fff])|住|先生|女士|小姐|，)"
_NAMED = re.compile(rf"{_LABEL}(?P<colon>[ ]{{0,2}}[:]?[ ]{{0,2}})(?P<is>是|为|為|叫)?(?P<name>{_FULL_NAME}){_END}")
_COLON = re.compile(rf"(?:{_LABEL}[ ]{{0,2}}(?:[:是为為叫][ ]{{0,2}}|[ ]{{1,2}})|(?:我|名字|本人)叫)(?P<name>{_H}{{1,10}}(?:·{_H}{{1,10}}){{1,3}}|{_H}{{2,4}}){_END}")
_LINKS, _JOINED = frozenset("应應时時方成于万萬"), frozenset("在当當该該为為以可能须須需将將是与與和及或之对對有同本三五七十二一")
_NO_NAME = frozenset(
    "必填 选填 本人 无 同上 未知 如下 客服 您 空 暂无 没有 保密 匿名 填写 地址 电话 手机 手机号 信息 姓名 收件人 收货人 联系人 是谁 是否 什么"
    " 真实姓名 身份证 证件 先生 女士 默认 修改 怎么改 怎么填 怎么写 写错了 填错了 错了 不对 不符".split()
)
_FORM = re.compile(
    rf"(?:^|(?<=[\x00\s,、;/|。:)]))(?P<name>{_H}{{2,4}})(?=[\s,、;/|:(]{{0,3}}\x00)"
    rf"|(?<=\x00)[\s,、;/|]{{0,3}}(?P<after>{_H}{{2,4}}?)(?=$|[\s,、;/|。]|收)"
)


def addresses(text: str) -> Iterator[Span]:
    """The postal addresses of a folded text."""
    taken = 0
    patterns = (_ROADWISE, _REGIONWISE, _LABELLED) if _DOORISH.search(text) is not None else (_LABELLED,)
    for match in sorted((match for pattern in patterns for match in pattern.finditer(text)), key=_start):
        start, end = match.span("place") if match.re is _LABELLED else match.span()
        if match.re is _LABELLED:
            if _SHOPS.search(match["before"]):
                continue
            end = start + len(_TAIL.sub("", text[start:end]).rstrip())
            place = text[start:end]
            parts = len(_SOMEWHERE.findall(place)) if match["sure"] else len(_DOORWAY.findall(place))
            if parts == 0 or parts == 1 and re.search(r"[0-9]", place) is None:
                continue
        elif _SHOPS.search(re.sub(r"(?:地址)?[ ]?[是为:在]?[ ]?$", "", text[max(0, start - 10) : start])):
            continue
        end = start + len(text[start:end].rstrip(" ,-"))
        if start >= taken and end > start:
            taken = end
            yield start, end, ADDRESS


def names(text: str) -> Iterator[Span]:
    """The names of persons after a label in a folded text; the first character stays."""
    taken = 0
    for match in sorted((*_NAMED.finditer(text), *_COLON.finditer(text)), key=_start):
        start, end = match.span("name")
        name = match["name"]
        sure = ":" in text[match.start() : start]
        if start < taken or name in _NO_NAME or name[0] in "是否不有谁什本我您你" or not sure and _ordinary(name):
            continue
        taken = end
        yield start, end, f"{name[0]}**"


def form_names(text: str) -> Iterator[Span]:
    """Names beside a phone or an address (which are NUL characters by now), as on an order form."""
    for match in _FORM.finditer(text):
        group = "name" if match["name"] else "after"
        name = match[group]
        if not _ordinary(name) and name not in _NO_NAME:
            yield *match.span(group), f"{name[0]}**"


def _ordinary(name: str) -> bool:
    """Whether these characters are an ordinary word (谢谢, 马上), or begin with one (应在, 于三), rather than a name."""
    return words().get(name, 0) >= 100 or words().get(name[:2], 0) >= 1_000 or name[0] in _LINKS and name[1] in _JOINED


def _start(match: re.Match[str]) -> tuple[int, int]:
    return (match.start("place") if match.re is _LABELLED else match.start()), -match.end()
