"""What people complain about, when they do, and the words they use."""

from dataclasses import dataclass

from inspect_app.domain.codes import PollutionType, SourceKind


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of complaint: its share, who causes it, its hours and months, its texts.

    `near` says where matters without a source lie: `town`, `village` or `canal`. Texts may name
    `{who}` (the respondent) and `{place}`.
    """

    key: str
    weight: float
    types: tuple[PollutionType, ...]
    kinds: tuple[SourceKind, ...]
    near: str
    hours: tuple[int, int, float]
    """First and last hour of the busy time (may wrap midnight) and its share."""
    months: tuple[int, ...]
    """Busy months."""
    title: str
    texts: tuple[str, ...]
    vague: tuple[str, ...] = ()
    """What callers say who do not know the name; the bureau knows small trades by the first."""
    also: tuple[tuple[PollutionType, ...], ...] = ()
    """Other types under which the same trouble is taken down."""


P, K = PollutionType, SourceKind
TOPICS = (
    Topic(
        "fume",
        15,
        (P.AIR,),
        (K.CATERING,),
        "town",
        (17, 22, 0.72),
        (5, 6, 7, 8, 9),
        "{who}油烟扰民",
        (
            "来电人反映{who}油烟未经净化直接排放,晚饭时间楼上住户无法开窗。",
            "{place}{who}排烟管道朝向居民楼,油烟味很重,希望尽快处理。",
            "{who}夏季露天烧烤,烟气呛人,多次反映没有改善。",
            "市民反映{who}后厨油烟直排,影响楼上居民休息,要求安装净化设施。",
        ),
        vague=("附近烧烤店", "楼下饭馆", "路边大排档", "一家火锅店"),
        also=((P.AIR, P.NOISE), (P.AIR, P.OTHER)),
    ),
    Topic(
        "site_noise",
        14,
        (P.NOISE, P.CONSTRUCTION),
        (K.CONSTRUCTION_SITE,),
        "town",
        (21, 2, 0.7),
        (4, 5, 6, 9, 10),
        "{who}夜间施工噪声",
        (
            "{who}夜间十点以后仍在浇筑混凝土,噪声很大,影响孩子睡觉。",
            "来电人称{place}{who}凌晨还在施工,机械声持续不断,请求制止。",
            "反映{who}中午和夜间违规施工,打桩声扰民。",
            "{who}连续几晚通宵作业,周边居民无法入睡,要求查处。",
        ),
        vague=("附近工地", "在建小区工地", "旁边的工地", "修路工地"),
        also=((P.NOISE,), (P.NOISE, P.AIR)),
    ),
    Topic(
        "odour",
        13,
        (P.AIR,),
        (K.CHEMICAL, K.FOOD, K.TEXTILE),
        "town",
        (19, 6, 0.62),
        (6, 7, 8, 9),
        "{who}异味",
        (
            "{who}夜间排放刺激性气体,气味像臭鸡蛋,附近村民头晕。",
            "{place}一带晚上有刺鼻化工味,怀疑是{who}排放。",
            "群众反映{who}废气处理设施不正常运行,气味难闻。",
            "来电人反映{who}偷排废气,阴天气味更重,要求现场检测。",
        ),
        vague=("附近小作坊", "附近某厂", "一家小化工厂", "不明企业"),
        also=((P.AIR, P.WATER), (P.AIR, P.OTHER)),
    ),
    Topic(
        "livestock",
        14,
        (P.AIR, P.WATER),
        (K.LIVESTOCK,),
        "village",
        (17, 22, 0.5),
        (6, 7, 8, 9),
        "{who}粪污臭味",
        (
            "{who}粪便露天堆放,夏天臭味大,苍蝇多。",
            "{place}{who}养殖废水流到路边沟里,臭气熏天。",
            "村民反映{who}离住户太近,气味影响生活,要求搬迁。",
            "{who}雨后粪水漫流进入农田渠道,请求核查。",
        ),
        vague=("附近养殖户", "村边养猪户", "一家养鸡场", "养牛户"),
        also=((P.AIR,), (P.WATER,)),
    ),
    Topic(
        "smoke",
        10,
        (P.AIR,),
        (K.THERMAL_POWER, K.FOOD, K.OTHER),
        "town",
        (6, 9, 0.45),
        (11, 12, 1, 2),
        "{who}冒黑烟",
        (
            "{who}烟囱早晨冒黑烟,落灰严重,窗台一层黑灰。",
            "采暖季以来{who}锅炉烟气很重,{place}空气呛人。",
            "反映{who}燃烧散煤,烟气影响周边居民。",
        ),
        vague=("附近锅炉房", "附近某厂", "一家小厂", "燃煤锅炉"),
        also=((P.AIR, P.SOLID_WASTE), (P.AIR, P.OTHER)),
    ),
    Topic(
        "canal",
        8,
        (P.WATER,),
        (),
        "canal",
        (7, 19, 0.85),
        (3, 4),
        "{place}渠水污染",
        (
            "育秧期间{place}渠水发黑有异味,担心影响秧苗,请查明来源。",
            "{place}渠道里漂浮死鱼和泡沫,村民不敢放水灌田。",
            "有人向{place}渠道排放污水,水面有油花。",
            "{place}渠段垃圾堵塞,水质变差,请求清理。",
        ),
        also=((P.WATER, P.SOLID_WASTE), (P.WATER, P.ECOLOGY)),
    ),
    Topic(
        "effluent",
        8,
        (P.WATER,),
        (K.PAPER_MILL, K.CHEMICAL, K.TEXTILE, K.FOOD),
        "town",
        (20, 5, 0.5),
        (3, 4, 5, 10),
        "{who}污水排放",
        (
            "{who}夜间向沟渠排放深色废水,水面有泡沫。",
            "反映{who}雨天偷排污水,下游河水变色。",
            "{place}排水沟水体发红,怀疑{who}污水未处理直接排放。",
        ),
        vague=("附近小作坊", "附近某厂", "一家洗涤厂", "不明企业"),
        also=((P.WATER, P.AIR), (P.WATER, P.SOIL)),
    ),
    Topic(
        "plant_noise",
        5,
        (P.NOISE,),
        (K.METAL, K.BUILDING_MATERIALS, K.THERMAL_POWER),
        "town",
        (21, 5, 0.6),
        (),
        "{who}设备噪声",
        (
            "{who}夜间生产设备噪声大,厂界外都能听到轰鸣声。",
            "来电人反映{who}风机昼夜不停,噪声扰民。",
        ),
        vague=("附近加工点", "附近某厂", "一家小加工厂", "旁边的车间"),
        also=((P.NOISE, P.AIR),),
    ),
    Topic(
        "dust",
        6,
        (P.AIR, P.CONSTRUCTION),
        (K.BUILDING_MATERIALS, K.CONSTRUCTION_SITE),
        "village",
        (8, 18, 0.85),
        (3, 4, 5, 11),
        "{who}扬尘",
        (
            "{who}物料露天堆放未覆盖,刮风时扬尘严重。",
            "{who}运输车辆不冲洗带泥上路,{place}道路尘土飞扬。",
        ),
        vague=("附近砂石料场", "附近工地", "一家料场", "路边堆场"),
        also=((P.AIR,), (P.AIR, P.SOLID_WASTE)),
    ),
    Topic(
        "waste",
        8,
        (P.SOLID_WASTE,),
        (),
        "village",
        (8, 20, 0.85),
        (1, 2, 10, 11),
        "{place}垃圾倾倒焚烧",
        (
            "{place}村口有人焚烧垃圾,浓烟刺鼻。",
            "{place}沟边被倾倒建筑垃圾,无人清理。",
            "反映{place}秸秆焚烧,烟雾很大,影响出行。",
            "{place}路边堆放废旧塑料和不明桶装物,担心污染土壤。",
        ),
        also=((P.SOLID_WASTE, P.AIR), (P.AIR,)),
    ),
    Topic(
        "music",
        5,
        (P.NOISE,),
        (),
        "town",
        (19, 23, 0.85),
        (6, 7, 8),
        "{place}广场舞和音响噪声",
        (
            "{place}广场舞音响声音过大,晚上九点后仍不停。",
            "{place}歌厅深夜音乐扰民,楼上居民无法休息。",
        ),
        also=((P.NOISE, P.OTHER),),
    ),
)
ENDINGS = (
    "",
    "",
    "",
    "请尽快处理并回复。",
    "已多次反映。",
    "希望相关部门到现场核实。",
    "要求回访。",
)
