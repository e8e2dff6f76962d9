from __future__ import annotations

from ingest.scripts import find_scripts, has_wrong

RUN_ON = (
    "下面“√”为可以说的，“×”为不可以说的。\n接待用语：迎接客人时：√店员：“欢迎光临，请随意看看。”√店员：“您好，需要我介绍吗？”"
    "×不可以说：“买不买？不买别摸”或“看什么看”节日用语：春节期间用节日问候，例如“新年好”等。\n√店员：“新年好，欢迎光临。”\n"
    "离店送客的应答遇到客人道谢时：√店员：“不用客气，请慢走。”×“嗯。”等等。\n处理无理要求：客人说“便宜一半”等类似的话√店员：“很抱歉，已经是优惠价了。”×沉默不理。\n"
)


def found(text):
    scripts, rest = find_scripts(text, 0, len(text), "")
    return [
        (one.section, one.situation, [text[slice(*span)] for span in one.right], list(one.wrong)) for one in scripts
    ], [text[slice(*span)].strip() for span in rest]


def test_situations_run_together_are_told_apart():
    scripts, rest = found(RUN_ON)
    assert scripts == [
        (
            "接待用语",
            "迎接客人时",
            ["店员：“欢迎光临，请随意看看。”", "店员：“您好，需要我介绍吗？”"],
            ["不可以说：“买不买？不买别摸”或“看什么看”"],
        ),
        ("接待用语", "节日用语", ["店员：“新年好，欢迎光临。”"], []),
        ("离店送客的应答", "遇到客人道谢时", ["店员：“不用客气，请慢走。”"], ["“嗯。”等等。"]),
        (
            "离店送客的应答",
            "处理无理要求：客人说“便宜一半”等类似的话",
            ["店员：“很抱歉，已经是优惠价了。”"],
            ["沉默不理。"],
        ),
    ]
    assert rest == ["下面“√”为可以说的，“×”为不可以说的。", "节日用语：春节期间用节日问候，例如“新年好”等。"]


def test_a_quotation_broken_over_lines_stays_one_wording():
    scripts, _ = found("催促时：\n√我马上核实。\n×不可以说：“别催了。\n烦不烦。\n”\n道歉时：\n√没关系。\n")
    assert [(situation, wrong) for _, situation, _, wrong in scripts] == [
        ("催促时", ["不可以说：“别催了。\n烦不烦。\n”"]),
        ("道歉时", []),
    ]


def test_crosses_that_only_say_no_mark_nothing():
    assert not has_wrong("江苏：√；浙江：×；上海：×\n包邮：×\n保价：√\n")
    assert has_wrong("× 等着吧。")


def test_marks_far_apart_take_no_quadratic_time():
    text = "√ 您好。\n× 走开。\n" + "这一段说明很长，没有冒号也没有标记。" * 60_000 + "\n√ 再见。\n"
    scripts, _ = found(text)
    assert len(scripts) >= 1
