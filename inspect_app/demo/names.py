"""Invented names of places, people and firms; none is meant to be a real one."""

from collections.abc import Iterator

import numpy as np


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COUNTY = "宁渠县"
COUNTY_CODE = "999101"
"""No province has the code 99."""
MAIN_RIVER = "清水河"
MAIN_CANAL = "宁渠总干渠"

TOWNSHIPS = (
    "城关镇",
    "渠口镇",
    "柳湾镇",
    "双闸镇",
    "金穗镇",
    "新渠乡",
    "望河镇",
    "白滩乡",
    "沙泉镇",
    "红崖乡",
    "石梁乡",
    "南塬乡",
)
"""The county seat, then names for the irrigated plain, then names for the hills."""
BROOKS = (
    "石梁河",
    "甜水河",
    "红崖沟",
    "大柳河",
    "苦井沟",
    "羊圈沟",
    "南塬河",
    "榆树沟",
    "杏花沟",
    "黑石沟",
    "双泉沟",
    "干沟",
    "长流水沟",
    "野狐沟",
    "磨盘沟",
    "西岔沟",
    "东岔沟",
    "芦草沟",
    "蒿子沟",
    "白土沟",
    "烟墩沟",
    "骆驼沟",
    "枣林沟",
    "马莲沟",
    "清泉沟",
    "半个沟",
    "老龙沟",
    "铁匠沟",
)
CANALS = (
    "惠民渠",
    "丰登渠",
    "永润渠",
    "新济渠",
    "太平渠",
    "广济渠",
    "长兴渠",
    "润农渠",
    "安澜渠",
    "万家渠",
    "东升渠",
    "和顺渠",
)
VILLAGE_HEADS = _words(
    "张家 王家 李家 赵家 马家 杨家 陈家 刘家 周家 吴家 徐家 孙家 胡家 高家 林家 何家 "
    "郭家 罗家 梁家 宋家 韩家 唐家 冯家 董家 程家 曹家 袁家 邓家 许家 傅家 沈家 曾家 "
    "彭家 吕家 苏家 卢家 蒋家 蔡家 贾家 丁家 魏家 薛家 叶家 阎家 余家 潘家 杜家 戴家 "
    "夏家 钟家 上 下 东 西 南 北 新 老 大 小 红 白 黄 青 金 银 沙 石 柳 榆 杏 枣 槐 "
    "杨 泉 渠 河 桥 闸 塬 滩 永 丰 兴 和 平 安 富 民 光 明"
)
VILLAGE_TAILS = _words("庄 堡 湾 营 滩 沟 桥 渠 屯 台 寨 圈 坊 铺 墩 梁 坪 塘 岸 园")
SURNAMES = _words(
    "王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林 何 郭 马 罗 梁 宋 郑 谢 韩 唐 "
    "冯 于 董 萧 程 曹 袁 邓 许 傅 沈 曾 彭 吕 苏 卢 蒋 蔡 贾 丁 魏 薛 叶 阎 余 潘 "
    "杜 戴 夏 钟 汪 田 任 姜 范 方 石 姚 谭 廖 邹 熊 金 陆 郝 孔 白 崔 康 毛 邱 秦 "
    "江 史 顾 侯 邵 孟 龙 万 段 雷 钱 汤 尹 黎 易 常 武 乔 贺 赖 龚 文"
)
GIVEN_FIRST = _words(
    "建 志 国 文 晓 海 永 玉 秀 春 明 立 俊 丽 红 家 子 雪 宏 德 新 振 学 桂 爱 少 庆 长 伟 思"
)
GIVEN_LAST = _words(
    "军 华 强 平 梅 芳 林 峰 英 霞 东 涛 宁 燕 辉 斌 云 兰 波 杰 琴 龙 玲 刚 艳 成 娟 敏 洋 鹏"
)
FIRM_HEADS = _words(
    "宏远 盛泰 金源 恒丰 瑞祥 华兴 东方 鑫达 永昌 顺发 天成 嘉禾 绿源 惠农 塞上 九鼎 "
    "通达 隆基 伟业 腾飞 康源 众合 润泽 启明 百川 德润 富民 福临 汇丰 聚鑫 兴旺 万和 "
    "立诚 信达 正大 同心 佳美 春晖 新科 长河"
)


def rivers() -> Iterator[tuple[str, str]]:
    """Yield pairs (name of a bigger, name of a smaller brook), each name once."""
    for name in BROOKS:
        stem = name.removesuffix("沟").removesuffix("河")
        yield (f"{stem}河", f"{stem}沟")
    number = 1
    while True:
        yield (f"无名{number}河", f"无名{number}沟")
        number += 1


def branch_canals() -> Iterator[str]:
    """Yield names of branch canals, each once."""
    yield from CANALS
    number = 1
    while True:
        yield f"{number}号干渠"
        number += 1


def villages(rng: np.random.Generator, count: int) -> list[str]:
    """Return names of villages, all different."""
    pairs = [f"{head}{tail}" for head in VILLAGE_HEADS for tail in VILLAGE_TAILS if head != tail]
    chosen = rng.choice(len(pairs), count, replace=False)
    return [f"{pairs[place]}村" for place in chosen]


def persons(rng: np.random.Generator, count: int) -> list[str]:
    """Return names of people; some are alike, as in life."""
    family = rng.integers(0, len(SURNAMES), count)
    first = rng.integers(0, len(GIVEN_FIRST), count)
    last = rng.integers(0, len(GIVEN_LAST), count)
    short = rng.random(count) < 0.22
    return [
        SURNAMES[f] + ("" if s else GIVEN_FIRST[g]) + GIVEN_LAST[h]
        for f, g, h, s in zip(family, first, last, short, strict=True)
    ]


def phones(rng: np.random.Generator, count: int) -> list[str]:
    """Return telephone numbers of the form 1380000xxxx."""
    return [f"1380000{number:04d}" for number in rng.integers(0, 10_000, count)]
