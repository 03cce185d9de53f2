"""Code lists of the field: the stored value and the Chinese label of each entry."""

from enum import StrEnum
from typing import Self


class Code(StrEnum):
    """A stored code with the label people read; the label is a message id of the catalogues."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        """Keep the label beside the stored value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label or value
        return member


class OwnerDuty(Code):
    """Duties of a person towards a grid, in the order in which an owner is looked for."""

    RESPONSIBLE_PERSON = "responsible_person", "责任人"
    GRID_CHIEF = "grid_chief", "网格长"
    DEPUTY_LEADER = "deputy_leader", "分管领导"
    GRID_WORKER = "grid_worker", "网格员"
    GRID_SUPERVISOR = "grid_supervisor", "监督员"


class OrgKind(Code):
    """Kinds of units that act in the system."""

    BUREAU = "bureau", "生态环境局"
    TOWNSHIP_STATION = "township_station", "乡镇环境管理站"
    ENFORCEMENT_BRIGADE = "enforcement_brigade", "执法大队"
    DEPARTMENT = "department", "其他部门"


class WaterwayKind(Code):
    """River or canal."""

    RIVER = "river", "河道"
    CANAL = "canal", "渠道"


class WaterwayLevel(Code):
    """Rank of a waterway inside its system."""

    MAIN = "main", "干流/总干渠"
    BRANCH = "branch", "支流/干渠"
    LATERAL = "lateral", "小支流/支渠"


class FlowDirection(Code):
    """How the flow relates to the order of the vertices."""

    DIGITISED = "digitised", "与数字化方向一致"
    REVERSED = "reversed", "与数字化方向相反"
    BOTH = "both", "双向(随调度变化)"
    UNKNOWN = "unknown", "未知"


class PermitClass(Code):
    """Management class of the discharge permit."""

    KEY = "key", "重点管理"
    SIMPLIFIED = "simplified", "简化管理"
    REGISTERED = "registered", "登记管理"
    NONE = "none", "无"


class SourceKind(Code):
    """Kinds of pollution sources as field people speak of them."""

    PAPER_MILL = "paper_mill", "造纸厂"
    THERMAL_POWER = "thermal_power", "热电厂"
    CHEMICAL = "chemical", "化工企业"
    BUILDING_MATERIALS = "building_materials", "建材企业"
    FOOD = "food", "食品加工"
    TEXTILE = "textile", "纺织印染"
    METAL = "metal", "金属加工"
    LIVESTOCK = "livestock", "畜禽养殖场"
    SEWAGE_PLANT = "sewage_plant", "污水处理厂"
    LANDFILL = "landfill", "垃圾处理场"
    CATERING = "catering", "餐饮企业"
    CONSTRUCTION_SITE = "construction_site", "建筑工地"
    OTHER = "other", "其他"


class KeyUnitList(Code):
    """Lists of key units published every year."""

    WATER = "water", "水环境重点排污单位"
    GROUNDWATER = "groundwater", "地下水污染防治重点排污单位"
    AIR = "air", "大气环境重点排污单位"
    NOISE = "noise", "噪声重点排污单位"
    SOIL = "soil", "土壤污染重点监管单位"
    RISK = "risk", "环境风险重点管控单位"


class OutletClass(Code):
    """Classes of river discharge outlets after HJ 1312-2023; `1.1` lies under `1`."""

    INDUSTRIAL = "1", "工业排污口"
    INDUSTRIAL_MINE = "1.1", "工矿企业排污口"
    INDUSTRIAL_STORM = "1.2", "工矿企业雨洪排口"
    PARK_PLANT = "1.3", "工业及其他各类园区污水处理厂排污口"
    PARK_STORM = "1.4", "园区污水处理厂雨洪排口"
    MUNICIPAL_PLANT = "2", "城镇污水处理厂排污口"
    AGRICULTURAL = "3", "农业排口"
    LIVESTOCK = "3.1", "规模化畜禽养殖排污口"
    AQUACULTURE = "3.2", "规模化水产养殖排污口"
    OTHER = "4", "其他排口"
    IRRIGATION = "4.1", "大中型灌区排口"
    PORT = "4.2", "港口码头排口"
    SMALL_LIVESTOCK = "4.3", "规模以下畜禽养殖排污口"
    SMALL_AQUACULTURE = "4.4", "规模以下水产养殖排污口"
    RURAL_TREATMENT = "4.5", "农村污水处理设施排污口"
    RURAL_SCATTERED = "4.6", "农村生活污水散排口"
    URBAN_STORM = "4.7", "城镇雨洪排口"
    URBAN_SCATTERED = "4.8", "城镇生活污水散排口"


class WaterSourceType(Code):
    """Types of drinking-water sources."""

    RIVER = "river", "河流"
    LAKE = "lake", "湖库"
    GROUNDWATER = "groundwater", "地下水"


class ZoneLevel(Code):
    """Levels of drinking-water protection zones."""

    LEVEL_1 = "level_1", "一级保护区"
    LEVEL_2 = "level_2", "二级保护区"
    QUASI = "quasi", "准保护区"


class StationKind(Code):
    """Points of the bureau's own: crews' homes, gauges, gates."""

    TOWNSHIP_STATION = "township_station", "乡镇环境管理站"
    WATER_AUTO = "water_auto", "水质自动站"
    GATE = "gate", "闸门"
    MONITORING_SECTION = "monitoring_section", "监测断面"
    VIDEO = "video", "视频监控点"
    OTHER = "other", "其他站点"


class SourceChannel(Code):
    """Channels by which a complaint reaches the bureau."""

    PHONE_12369 = "phone_12369", "12369电话"
    HOTLINE_12345 = "hotline_12345", "12345热线"
    WECHAT = "wechat", "微信"
    ONLINE = "online", "网上"
    LETTER = "letter", "来信"
    VISIT = "visit", "来访"
    PASSED_ON = "passed_on", "上级批转"
    ASSIGNED = "assigned", "领导交办"
    PROPOSAL = "proposal", "建议提案"
    MEDIA = "media", "媒体曝光"
    INSPECTION = "inspection", "督察转办"
    LEADER_MAILBOX = "leader_mailbox", "局长信箱"
    OTHER = "other", "其他"


class PollutionType(Code):
    """Pollution types; a complaint may carry several."""

    AIR = "air", "大气"
    WATER = "water", "水"
    NOISE = "noise", "噪声"
    SOLID_WASTE = "solid_waste", "固废"
    SOIL = "soil", "土壤"
    RADIATION = "radiation", "辐射"
    ECOLOGY = "ecology", "生态破坏"
    CONSTRUCTION = "construction", "建设项目"
    OTHER = "other", "其他"


class Severity(Code):
    """How important a matter or a finding is."""

    NORMAL = "normal", "一般"
    IMPORTANT = "important", "重要"
    URGENT = "urgent", "紧急"


class ReporterMode(Code):
    """How a reporter is known."""

    NAMED = "named", "实名"
    ANONYMOUS = "anonymous", "匿名"
    CONFIDENTIAL = "confidential", "保密"


class PlaceQuality(Code):
    """How sure the place of a complaint is."""

    EXACT = "exact", "准确位置"
    APPROXIMATE = "approximate", "大致位置"
    SHARED_FALLBACK = "shared_fallback", "疑似默认坐标"
    NONE = "none", "暂无位置"


class PeriodUnit(Code):
    """Units of patrol frequencies."""

    DAY = "day", "日"
    TWO_DAYS = "two_days", "2日"
    WEEK = "week", "周"
    TEN_DAYS = "ten_days", "旬"
    HALF_MONTH = "half_month", "半月"
    MONTH = "month", "月"
    QUARTER = "quarter", "季"
    HALF_YEAR = "half_year", "半年"
    YEAR = "year", "年"


class ObjectKind(Code):
    """Kinds of things that are patrolled, inspected or complained of."""

    SEGMENT = "segment", "河段/渠段"
    OUTLET = "outlet", "入河排污口"
    SOURCE = "source", "污染源"
    WATER_SOURCE = "water_source", "饮用水水源地"
    MATTER = "matter", "诉求事项"


class PatrolKind(Code):
    """Kinds of patrols."""

    ROUTINE = "routine", "日常巡查"
    CAMPAIGN = "campaign", "专项巡查"
    NIGHT = "night", "夜查"
    COVERT = "covert", "暗访"


class ExemptionGround(Code):
    """Why an object need not be patrolled for some days."""

    FLOOD = "flood", "洪水"
    CLOSED_ROAD = "closed_road", "道路中断"
    HOLIDAY = "holiday", "节假日"
    WORKS = "works", "施工"
    OTHER = "other", "其他"


class AbsenceKind(Code):
    """Why a person is away."""

    LEAVE = "leave", "休假"
    SICK = "sick", "病假"
    TRAINING = "training", "培训"
    SECONDED = "seconded", "抽调"
    OTHER = "other", "其他"


class AssignmentRule(Code):
    """Whether only a crew, or never this crew, may serve an object or a grid."""

    ONLY = "only", "固定由其巡查"
    NEVER = "never", "不得由其巡查"


class TravelMode(Code):
    """How a crew travels between stops."""

    CAR = "car", "汽车"
    FOOT = "foot", "步行"
    BOAT = "boat", "船"


class StopResult(Code):
    """What became of a stop of a patrol."""

    PENDING = "pending", "待查"
    DONE = "done", "已查"
    SKIPPED = "skipped", "跳过"
    UNREACHABLE = "unreachable", "无法到达"


class SyncState(Code):
    """What became of a record that a tablet sent."""

    TAKEN = "taken", "已生效"
    WAITING = "waiting", "等前件"
    INBOX = "inbox", "待人工处理"
    SET_ASIDE = "set_aside", "不予采用"


class TrackSource(Code):
    """Where the fixes of a track come from."""

    TABLET = "tablet", "平板"
    GPX = "gpx", "其他设备"
    DRONE = "drone", "无人机"
    MANUAL = "manual", "手工补录"


class ChangeWay(Code):
    """The two ways in which a published plan is changed."""

    INSERT_ONLY = "insert_only", "只插入"
    BEST = "best", "局部优化"


class FindingType(Code):
    """Types of findings, from the nine check items of river patrols and the outlet check."""

    DIRECT_DISCHARGE = "direct_discharge", "污水直排"
    DRY_WEATHER_OVERFLOW = "dry_weather_overflow", "旱季溢流"
    NEW_OUTLET = "new_outlet", "新增排口"
    ABNORMAL_WATER = "abnormal_water", "水体颜色气味异常"
    FLOATING_DEBRIS = "floating_debris", "水面漂浮物"
    BANK_WASTE = "bank_waste", "岸坡垃圾淤积"
    ENCROACHMENT = "encroachment", "违建侵占"
    LIVESTOCK = "livestock", "畜禽水产养殖"
    SIGNBOARD = "signboard", "标识牌缺损"
    ODOUR_DUST = "odour_dust", "异味扬尘废气"
    NOISE = "noise", "噪声扰民"
    SOLID_WASTE = "solid_waste", "固废堆放"
    ZONE_VIOLATION = "zone_violation", "保护区违规"
    OTHER = "other", "其他"


class FindingOrigin(Code):
    """Where a finding came from."""

    PATROL = "patrol", "巡查"
    COMPLAINT = "complaint", "投诉"
    SENSOR = "sensor", "监测报警"
    DEPARTMENT = "department", "其他部门"
    SURVEY = "survey", "排查"
    IMPORT = "import", "导入"


class MeasureKind(Code):
    """Typed measures taken on a finding."""

    ON_SITE_ACTION = "on_site_action", "现场处置"
    ORAL_ORDER = "oral_order", "口头责令"
    ORDER_TO_CORRECT = "order_to_correct", "责令改正"
    RECTIFICATION_NOTICE = "rectification_notice", "限期整改通知书"
    DEADLINE_TREATMENT = "deadline_treatment", "限期治理"
    WARNING_LETTER = "warning_letter", "警示函"
    ADMONITORY_TALK = "admonitory_talk", "约谈"
    PRODUCTION_STOP = "production_stop", "停产治理"
    PRODUCTION_LIMIT = "production_limit", "限制生产"
    SEIZURE = "seizure", "查封扣押"
    CLOSURE_ORDER = "closure_order", "取缔关闭"
    DAILY_REPORT_DUTY = "daily_report_duty", "排污日报"
    LOSS_ASSESSMENT = "loss_assessment", "损失核实"
    COMPENSATION = "compensation", "赔偿"
    SUBSTITUTE_TREATMENT = "substitute_treatment", "代为治理"
    DAILY_PENALTY = "daily_penalty", "按日计罚"
    POLICE_TRANSFER = "police_transfer", "移送公安"
    LISTED_SUPERVISION = "listed_supervision", "挂牌督办"
    PUBLIC_EXPOSURE = "public_exposure", "公开曝光"


class PhotoStage(Code):
    """What a photo of a finding shows."""

    BEFORE = "before", "整改前"
    AFTER = "after", "整改后"
