"""Ideographs of Mandarin names, by sound: one name can be written in several ways.

This file owns the tables; `mandarin` makes names of them.
"""

from __future__ import annotations

NAMES: dict[str, str] = {
    "wei3": "伟玮炜",
    "wen2": "文闻",
    "jing4": "静敬镜",
    "li4": "丽力立利莉",
    "ming2": "明名鸣",
    "jun1": "军君均",
    "xin1": "新欣心",
    "yu3": "雨宇语",
    "yang2": "阳洋扬",
    "lin2": "林琳临",
    "jia1": "佳家加",
    "yi4": "义艺意易",
    "zhi4": "志智治",
    "qing1": "青清轻",
    "hong2": "红宏洪",
    "jian4": "建健见",
    "ling2": "玲灵铃",
    "yue4": "月越悦",
    "shi2": "石时实",
    "dong1": "东冬",
    "si1": "思丝",
    "qi2": "奇齐琪",
    "feng1": "风峰丰",
    "lan2": "兰蓝",
    "hui4": "慧会惠",
    "xiang2": "祥翔",
    "zhen1": "真珍",
    "tao1": "涛滔",
    "fang1": "芳方",
    "ping2": "平萍",
    "mei2": "梅眉",
    "guo2": "国",
    "hai3": "海",
    "xue3": "雪",
    "chun1": "春",
    "hua2": "华",
    "qiang2": "强",
    "an1": "安",
}
"""Sound of a syllable of a given name -> the characters that write it, all read alike."""

SURNAMES: dict[str, str] = {
    "zhang1": "张章",
    "jiang1": "江姜",
    "yu2": "于余",
    "cheng2": "程成",
    "shi2": "石时",
    "he2": "何和",
    "wang2": "王",
    "li3": "李",
    "liu2": "刘",
    "chen2": "陈",
    "zhou1": "周",
    "zhao4": "赵",
    "lin2": "林",
    "gao1": "高",
    "ma3": "马",
    "yang2": "杨",
}
"""The same for surnames."""
