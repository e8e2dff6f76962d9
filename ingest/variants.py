"""Words of patterns in both scripts: 顾客 also finds 顧客. Texts themselves are never changed for it."""

from __future__ import annotations

_SIMPLIFIED = "顾户买问询题访网会员说话语错误确应该对换为处类团队时间场电记录热线导读这样论复卖专册规范细则标准须条随于谢针节档结简适围书协议严讲写达词现长过见从与们气当务动术沟总体开关实况单传设备办变认识头请来尔么给将许边听维护"
_TRADITIONAL = "顧戶買問詢題訪網會員說話語錯誤確應該對換為處類團隊時間場電記錄熱線導讀這樣論復賣專冊規範細則標準須條隨於謝針節檔結簡適圍書協議嚴講寫達詞現長過見從與們氣當務動術溝總體開關實況單傳設備辦變認識頭請來爾麼給將許邊聽維護"
_TABLE = {ord(a): f"[{a}{b}]" for a, b in zip(_SIMPLIFIED, _TRADITIONAL, strict=True)}


def both(pattern: str) -> str:
    """``pattern`` with every character that is written in two ways found in either; not for characters in brackets."""
    return pattern.translate(_TABLE)
