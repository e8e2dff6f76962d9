"""What an answer says between the lines: that something is not possible, that it is sorry, that it offers the next step."""

from __future__ import annotations

import re

from kb.text import sentences, to_simplified

_MARKS = str.maketrans(",;:!?", "，；：！？")
_SORRY = re.compile(
    r"抱歉|歉意|致歉|道歉|对不起|遗憾|谅解|不好意思|见谅|(?:给您)?添(?:了)?麻烦|带来(?:了)?不便|让您(?:久等|失望|费心|担心|受委屈)"
)
_OFFERS = re.compile(
    r"随时|联系(?:我们|人工|客服|在线)|(?:告诉|告知|发给|提供给)(?:我们?|人工)|咨询(?:我们|人工|客服)|人工客服(?:申请|申诉|反映|办理|复核|提交)|转人工"
    r"|帮您|为您(?:查询|处理|核实|登记|补|解答|跟进|查看|确认|办理)"
)
_YES = re.compile(
    r"^(?:可以|可|能|支持|有|会|是|对|行|都能|都可以|当然|一般可以|没有关系|没关系|(?:都|您)?(?:不用|不会|无需|不必|不需要|不一定|不影响))"
    r"(?:的|哦|呢)*(?=[，。！；]|担心|着急)"
)
_HARMLESS = re.compile(
    r"不(?:再)?(?:另外|额外)?(?:收取?(?!现金)|扣|计|产生|影响|用|需要?|必|会|要求|担心|超过|限|同|少于?|满意|低于|高于|满|足|休息|间断|变|符|喜欢|合适|方便|清楚|确定|完整)"
    r"|无需|无须|无(?:任何)?门槛|没有(?:任何)?(?:门槛|限制|关系|问题|等级|运单|拆|使用)|免(?:费|运费|押金)(?!.{0,4}(?:范围|期))|[^，。]{0,6}未(?:付款|出库|发货|使用|拆封?|绑定|成功)的?"
)
_CANNOT = re.compile(
    r"不(?:再|能|可|予|提供|支持|接受|办理|包邮|享受|适用|参加|参与|单卖|单独|退|换|回收|免|收现金|在.{0,8}(?:范围|之内|之列)|属于.{0,8}范围)"
    r"|恕|无法|(?:暂|尚|还|目前|仍)(?:时)?(?:还)?(?:不|未|无|没)|做不到|行不通|没(?:有)?办法"
    r"|[改退换寄送用取消查指定修补开约到办]{1,2}不[了到](?!解)|(?:缺|断|没)货|售罄|卖完|停[售产]|下架|约满|下班|联系不上"
    r"|(?:周末|今天|暂时|节假日|已经?)(?:都)?休息|已(?:经)?(?:结束|过期|失效|截止|超过)"
    r"|没有[^，。]{0,12}(?:门店|实体店|店面|渠道|功能|服务|空间|库存|优惠|活动|权限|计划|点)"
    r"|(?:仅|只)(?:支持|限|接受|能|可(?!以选)|提供|收(?!集|取)|寄|发)"
    r"|(?:由|要|需|请)(?:由)?(?:您|客户|买家|本人)(?:自己|自行)?(?:来)?(?:承担|支付|负担|出)|自(?:行|己)(?:承担|支付|负担)"
    r"|需要(?:您)?(?:另外)?(?:收取|支付)(?:维修)?费"
)
_NOT_ALL = re.compile(
    r"(?:如果|若|如(?!下)|假如|倘若|万一|遇到|为什么|怎么|可能|原因(?:是|有|：|:)|(?<!随)时(?=，)|(?<!不)(?:可以|支持|都能|能够))[^。！？；]*$"
    r"|(?:部分|少数|个别|有些)[^，。！？；]*$"
)
"""Before a negation: it holds under a condition, explains something, or follows a yes."""
_OF_SOME = re.compile(r"^[^，。！？；]*(?:时|的|后)，")
"""After a negation: it only says of what the rest of the sentence speaks."""
_ASKS_WHAT = re.compile(r"哪些|哪几|哪种|什么(?!时候)|种类|为什么|为啥|怎么(?!办|就)|如何|多少|几种|何种|咋(?!办)")
_TROUBLE = re.compile(
    r"失败|故障|异常|报错|出错|(?:坏|碎|裂|破|压扁|变形|漏)(?:了|的|掉)|破损|破了|漏[水电油气]|冒烟|不转|不亮|不响|不工作|不制冷|开不了机"
    r"|(?<!多)[少缺漏](?:了|发|件|寄)|(?<!多)少.{0,3}(?:件|个|包|份|样)|发错|错发|寄错|填错|写错|拍错|扣错|多[收扣]|重复(?:付|扣|支付)|扣了.{0,8}(?:还|没|未)"
    r"|(?:没|没有|未|收不|一直不|一直没)(?:收)?到(?:货|账|过|$|[？。，怎])|(?:没|没有|未)(?:来|到|到账|成功|通过|生效|更新|动静)|收不到|一直(?:不|没|打不)|不动了?"
    r"|还没(?:有)?(?:发|到|退|来|收)|[登打用连付支提下刷绑领取看改点]{1,2}(?:录|开|陆|款|交|单)?不(?:上|了|开|通|出)(?!解)"
    r"|被(?:盗|取消|驳回|拒|多|冻结|封|锁|骗)|(?:快递|包裹|货|件|东西).{0,8}(?:丢|不见)|弄丢|丢件|遗失|不见了|莫名|不对(?:劲|版)?|态度|打不[开通进]"
)
_HYPOTHETICAL = re.compile(r"如果|要是|万一|取消后|会不会|是不是|能不能|可不可以|可以.{0,12}吗|能.{0,12}吗")
_ONLY_COURTESY = re.compile(r"^[^，：]{0,24}$")


def says_no(words: str, question: str = "") -> bool:
    """Whether an answer begins with a refusal or a burden, so that who asked does not get what was wished for.

    Its first sentence decides (the second where the first is no more than an apology); a condition ("如果无法登录，…") or
    a harmless negation ("不收取运费", "不用担心") is no refusal, and neither is what follows a yes, or what was asked for in
    so many words ("哪些商品不支持退货").
    """
    if _ASKS_WHAT.search(_folded(question)):
        return False
    words = _folded(words)
    spans = sentences(words)
    if not spans:
        return False
    first = words[slice(*spans[0])]
    if len(spans) > 1 and _SORRY.search(first) and _ONLY_COURTESY.match(first) and not _CANNOT.search(first):
        first = words[slice(*spans[1])]
    if _YES.match(first):
        return False
    told = _HARMLESS.sub(lambda match: "\x01" * len(match[0]), first)
    return any(
        not _NOT_ALL.search(told[: match.start()]) and not _OF_SOME.match(told[match.end() :])
        for match in _CANNOT.finditer(told)
    )


def in_trouble(question: str) -> bool:
    """Whether a question tells of a mishap: something broken, missing, late, charged twice or not working."""
    folded = _folded(question)
    return _TROUBLE.search(folded) is not None and _HYPOTHETICAL.search(folded) is None


def sorry(words: str) -> bool:
    """Whether there is an apology in ``words``."""
    return _SORRY.search(words) is not None


def apologises(words: str) -> bool:
    """Whether an answer begins with an apology of its own."""
    return _SORRY.search(words[:30]) is not None


def offers(words: str) -> bool:
    """Whether an answer names the next step itself: whom to ask, what to tell, or what is done for the customer."""
    return _OFFERS.search(words) is not None


def _folded(words: str) -> str:
    """``words`` in Simplified characters, with the marks of Chinese writing."""
    return to_simplified(words).translate(_MARKS)
