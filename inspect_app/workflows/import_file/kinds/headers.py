"""Headers that many kinds look for."""

LON = ("lon", "lng", "long", "longitude", "经度", "东经", "x", "x坐标", "lgtd", "point_x")
LAT = ("lat", "latitude", "纬度", "北纬", "y", "y坐标", "lttd", "point_y")
NAME = ("name", "名称")
CODE = ("code", "编码", "编号", "代码")
