"""Knows the Chinese surnames, by which a name is told from the words in front of it. Pure."""

import re

# Surnames of two characters.
DOUBLE = re.compile(
    "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|宇文|长孙|端木|百里|南宫|西门|独孤|"
    "申屠|轩辕|钟离|闻人|澹台|公冶|宗政|濮阳|淳于|单于|太叔|仲孙|呼延|闾丘|司空|东郭|左丘|完颜|纳兰"
)
# Those of one character that are usual; few of them begin another word behind a form of address.
_SINGLE = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔"
    "谭陆范汪廖石金韦贾夏付傅方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严欧莫孔向汤温康施文牛樊葛邢"
    "安齐易乔伍庞颜倪庄聂章鲁岳翟申殷耿关焦左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷曲盛冉骆蓝路游辛靳管柴蒙"
    "鲍华祁房滕屈饶解牟艾尤阳穆农司古吉缪车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗桂全臧闵苟邬边卞姬仇栾隋商"
    "刁沙荣巫寇桑丛甄虞敖巩明佘池查麻苑迟邝封谈匡鞠惠荆乐冀郁胥班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻厉伊仝区郎戈"
    "海阎罕扈宣刑达花玉丰卓修步蓬亓支糜逯逄郗邰郏"
)
SURNAME = rf"(?:{DOUBLE.pattern}|[{_SINGLE}])"
