"""Names and sentence frames of the demo corpora, in English and Chinese, written by hand for this project.

A slot in braces is a name, the same in both languages. `A[…]A` and `B[…]B` are a relation's first and second argument;
`[…]` is the answer to a passage's question.
"""

from __future__ import annotations

from typing import Any

__all__ = ["DIALOGUES", "NAMES", "PASSAGES", "RELATIONS", "STORIES"]

_PEOPLE = [
    ("Mara Lindqvist", "马拉·林德"), ("Tobias Okoro", "托比·奥科罗"), ("Wen Jiayi", "文佳仪"), ("Priya Raman", "普莉娅·拉曼"),
    ("Hugo Delacourt", "雨果·德拉库"), ("Lu Chengming", "陆成明"), ("Ines Barroso", "伊内斯·巴罗索"), ("Nadia Petrov", "娜迪亚·彼得罗"),
    ("Qiao Ruolan", "乔若兰"), ("Samuel Adeyemi", "塞缪尔·阿德耶米"), ("Greta Holm", "格蕾塔·霍尔姆"), ("Feng Yunqi", "冯云起"),
    ("Oskar Brandt", "奥斯卡·勃兰特"), ("Leila Hadid", "莱拉·哈迪德"), ("Shao Wenbin", "邵文彬"), ("Clara Whitfield", "克拉拉·惠特菲"),
    ("Kenji Morita", "森田健二"), ("Rosa Iglesias", "罗莎·伊格莱西"),
]  # fmt: skip
_TOWNS = [
    ("Alderquay", "阿尔德港"), ("Brackenford", "蕨津"), ("Silverbrook", "银溪镇"), ("Northhaven", "北港"), ("Maple Cross", "枫桥镇"),
    ("Stonewick", "石维克"), ("Lanting", "兰亭镇"), ("Qinghe", "清河市"), ("Eastmere", "东湖镇"), ("Yunling", "云岭县"),
    ("Harrowgate Bay", "哈罗湾"), ("Old Fenwick", "老芬威克"), ("Baisha", "白沙镇"), ("Linden Hill", "椴树山镇"), ("Shuangta", "双塔镇"),
    ("Corvale", "科维尔"), ("Weston Moor", "韦斯顿荒原"), ("Taoyuan", "桃源县"),
]  # fmt: skip

NAMES: dict[str, list[tuple[str, str]]] = {
    "person": _PEOPLE,
    "person2": _PEOPLE[::-1],
    "town": _TOWNS,
    "town2": _TOWNS[::-1],
    "region": [
        ("the Lower Marches", "下边区"), ("Northern Valley", "北谷区"), ("Jiangbei Province", "江北省"), ("the Salt Coast", "盐海岸地区"),
        ("Upper Tarn County", "上塔恩郡"), ("Xiling Province", "西岭省"), ("the Amber Plain", "琥珀平原"), ("Hesse Island", "黑塞岛"),
        ("Nanhu District", "南湖区"),
    ],
    "company": [
        ("Tarn Instruments", "塔恩仪器公司"), ("Bluewater Foods", "碧水食品公司"), ("Ming Hua Textiles", "明华纺织厂"),
        ("Kestrel Cycles", "红隼自行车公司"), ("Orchard Press", "果园出版社"), ("Hexagon Batteries", "六边电池公司"),
        ("Jade River Tea", "玉河茶业"), ("Fairwind Ferries", "顺风轮渡公司"), ("Lantern Software", "灯笼软件公司"),
        ("Granite Brewing", "花岗岩酿酒厂"), ("Yunfan Robotics", "云帆机器人公司"), ("Copperline Rail", "铜线铁路公司"),
    ],
    "product": [
        ("microscopes", "显微镜"), ("ferries", "渡轮"), ("green tea", "绿茶"), ("city bicycles", "城市自行车"), ("silk scarves", "丝巾"),
        ("batteries", "电池"), ("picture books", "图画书"), ("ginger biscuits", "姜饼"), ("garden robots", "园艺机器人"),
    ],
    "river": [
        ("the Tarn", "塔恩河"), ("the Willow", "柳河"), ("the Qing", "清江"), ("the Ashbourne", "灰水河"), ("the Little Dove", "小鸽河"),
        ("the Baihe", "白河"),
    ],
    "festival": [
        ("the Lantern Regatta", "灯笼赛舟会"), ("the Plum Blossom Fair", "梅花庙会"), ("the Night of Kites", "风筝之夜"),
        ("the Harvest Games", "丰收运动会"), ("the Tea and Poetry Days", "茶诗节"), ("the Bridge Concert", "桥上音乐会"),
    ],
    "month": [("April", "四月"), ("June", "六月"), ("September", "九月"), ("November", "十一月"), ("March", "三月"), ("August", "八月")],
    "work": [
        ("The Quiet Harbour", "《静港》"), ("Nine Bridges", "《九桥》"), ("A Map of Snow", "《雪的地图》"), ("Letters to a River", "《致河书》"),
        ("The Clockmaker's Garden", "《钟匠的花园》"), ("Under the Linden", "《椴树下》"),
    ],
    "subject": [("chemistry", "化学"), ("music", "音乐"), ("geology", "地质学"), ("history", "历史"), ("botany", "植物学"), ("drawing", "绘画")],
    "street": [
        ("Mill Lane", "磨坊巷"), ("Harbour Street", "港口街"), ("Rose Hill", "玫瑰坡"), ("Garden Road", "花园路"), ("Temple Street", "寺前街"),
        ("Canal Row", "运河里"), ("Station Road", "车站路"), ("Orchard Close", "果园弄"), ("Bell Yard", "钟楼院"),
    ],
    "day": [("Monday", "星期一"), ("Tuesday", "星期二"), ("Wednesday", "星期三"), ("Thursday", "星期四"), ("Friday", "星期五"), ("Saturday", "星期六")],
    "book": [
        ("A Short History of Salt", "《盐的简史》"), ("Birds of the Coast", "《海岸的鸟》"), ("Learning to Row", "《学划船》"),
        ("The Night Gardener", "《夜间园丁》"), ("Soup for Every Season", "《四季汤谱》"),
    ],
}  # fmt: skip


def _both(english: str, chinese: str) -> dict[str, str]:
    return {"en": english, "zh": chinese}


RELATIONS: dict[str, list[dict[str, str]]] = {
    "works_for": [
        _both("A[{person}]A has worked for B[{company}]B since {year}.", "A[{person}]A自{year}起在B[{company}]B工作。"),
        _both("B[{company}]B made A[{person}]A head of its new laboratory.", "B[{company}]B任命A[{person}]A为新实验室主任。"),
        _both("A[{person}]A, an engineer at B[{company}]B, spoke at the fair in {town}.", "B[{company}]B的工程师A[{person}]A在{town}的展会上发言。"),
        _both("After two years abroad, A[{person}]A joined B[{company}]B as a designer.", "在国外两年后，A[{person}]A加入B[{company}]B担任设计师。"),
        _both("The accountant of B[{company}]B, A[{person}]A, checks every bill herself.", "B[{company}]B的会计A[{person}]A亲自核对每张账单。"),
        _both("A[{person}]A was hired by B[{company}]B in {month}.", "A[{person}]A{month}被B[{company}]B录用。"),
        _both("Nobody at B[{company}]B knows the machines better than A[{person}]A.", "在B[{company}]B，没有人比A[{person}]A更懂那些机器。"),
        _both("A[{person}]A leads the night shift of B[{company}]B in {town}.", "A[{person}]A负责B[{company}]B在{town}的夜班。"),
        _both("B[{company}]B sent its buyer A[{person}]A to {town}.", "B[{company}]B派采购员A[{person}]A前往{town}。"),
        _both("A[{person}]A draws his salary from B[{company}]B, and is proud of it.", "A[{person}]A领着B[{company}]B的薪水，并以此为荣。"),
    ],
    "founded": [
        _both("A[{person}]A founded B[{company}]B in {year}.", "A[{person}]A于{year}创立了B[{company}]B。"),
        _both("B[{company}]B was founded in {year} by A[{person}]A.", "B[{company}]B由A[{person}]A于{year}创办。"),
        _both("A[{person}]A started B[{company}]B in a shed in {town}.", "A[{person}]A在{town}的一间棚屋里办起了B[{company}]B。"),
        _both("B[{company}]B, set up by A[{person}]A, now sells {product} in {count} countries.", "A[{person}]A一手创建的B[{company}]B如今在{count}个国家销售{product}。"),
        _both("With borrowed money A[{person}]A opened what became B[{company}]B.", "A[{person}]A用借来的钱开办了后来的B[{company}]B。"),
        _both("The founder of B[{company}]B, A[{person}]A, was a teacher of {subject}.", "B[{company}]B的创始人A[{person}]A原是{subject}教师。"),
        _both("It was A[{person}]A who brought B[{company}]B into being.", "正是A[{person}]A让B[{company}]B诞生。"),
        _both("B[{company}]B goes back to A[{person}]A, who began it in {year}.", "B[{company}]B可以追溯到A[{person}]A，此人于{year}开创了它。"),
    ],
    "based_in": [
        _both("A[{company}]A has its head office in B[{town}]B.", "A[{company}]A的总部设在B[{town}]B。"),
        _both("A[{company}]A of B[{town}]B makes {product}.", "B[{town}]B的A[{company}]A生产{product}。"),
        _both("B[{town}]B is home to A[{company}]A and its {count} workers.", "B[{town}]B是A[{company}]A及其{count}名员工的所在地。"),
        _both("In {year} A[{company}]A moved to B[{town}]B.", "{year}，A[{company}]A迁至B[{town}]B。"),
        _both("The works of A[{company}]A stand at the edge of B[{town}]B.", "A[{company}]A的厂房位于B[{town}]B边上。"),
        _both("From its offices in B[{town}]B, A[{company}]A ships {product}.", "A[{company}]A从B[{town}]B的办公楼发运{product}。"),
        _both("B[{town}]B lives off A[{company}]A, whose chimneys rise over the market.", "B[{town}]B靠A[{company}]A为生，它的烟囱高耸在集市上方。"),
        _both("A[{company}]A is run from a villa in B[{town}]B.", "A[{company}]A在B[{town}]B的一座别墅里办公。"),
    ],
    "born_in": [
        _both("A[{person}]A was born in B[{town}]B in {year}.", "A[{person}]A{year}出生于B[{town}]B。"),
        _both("B[{town}]B is the birthplace of A[{person}]A.", "B[{town}]B是A[{person}]A的出生地。"),
        _both("A native of B[{town}]B, A[{person}]A left at sixteen.", "A[{person}]A是B[{town}]B人，十六岁离家。"),
        _both("A[{person}]A, born in B[{town}]B, writes about {subject}.", "生于B[{town}]B的A[{person}]A写{subject}方面的文章。"),
        _both("In B[{town}]B a plaque marks the house where A[{person}]A was born.", "B[{town}]B有一块牌子标明A[{person}]A出生的房子。"),
        _both("A[{person}]A came into the world in B[{town}]B, during a storm.", "A[{person}]A在一场暴风雨中降生于B[{town}]B。"),
        _both("B[{town}]B celebrates its daughter A[{person}]A each {month}.", "B[{town}]B每年{month}纪念它的女儿A[{person}]A。"),
        _both("The parish book of B[{town}]B has the birth of A[{person}]A.", "B[{town}]B的户籍册上记着A[{person}]A的出生。"),
    ],
    "located_in": [
        _both("A[{town}]A lies in B[{region}]B.", "A[{town}]A位于B[{region}]B。"),
        _both("B[{region}]B has {count} towns, and A[{town}]A is the oldest of them.", "B[{region}]B有{count}个城镇，A[{town}]A最古老。"),
        _both("The road to A[{town}]A crosses half of B[{region}]B, in which it lies.", "A[{town}]A就在B[{region}]B境内，去那里的路要穿过半个地区。"),
        _both("A[{town}]A, a market town of B[{region}]B, stands on {river}.", "A[{town}]A是B[{region}]B的集镇，坐落在{river}边。"),
        _both("In B[{region}]B the largest harbour is A[{town}]A.", "B[{region}]B最大的港口是A[{town}]A。"),
        _both("A[{town}]A belongs to B[{region}]B since {year}.", "自{year}起A[{town}]A归属B[{region}]B。"),
        _both("People of B[{region}]B go to A[{town}]A to shop, for it is their only town.", "B[{region}]B的人去A[{town}]A购物，那是当地唯一的城镇。"),
        _both("Snow closed B[{region}]B, A[{town}]A and its hills included.", "大雪封锁了B[{region}]B，包括A[{town}]A及其山丘。"),
    ],
    "none": [
        _both("A[{person}]A met a journalist in B[{town}]B.", "A[{person}]A在B[{town}]B见了一位记者。"),
        _both("A[{person}]A bought a bag of {product} from B[{company}]B.", "A[{person}]A从B[{company}]B买了一袋{product}。"),
        _both("The mayor of A[{town}]A wrote to B[{company}]B about the noise.", "A[{town}]A镇长就噪音致信B[{company}]B。"),
        _both("A[{person}]A complained about B[{company}]B, whose train was late.", "A[{person}]A投诉B[{company}]B的列车晚点。"),
        _both("A train from A[{town}]A reaches B[{region}]B at noon.", "从A[{town}]A开出的列车中午到达B[{region}]B。"),
        _both("A[{company}]A sells {product} in B[{town}]B on Fridays.", "A[{company}]A星期五在B[{town}]B卖{product}。"),
        _both("A[{person}]A spent a week in B[{town}]B to see {festival}.", "A[{person}]A在B[{town}]B住了一周，观看{festival}。"),
        _both("B[{company}]B turned A[{person}]A down, and so did two others.", "B[{company}]B拒绝了A[{person}]A，另外两家也是。"),
        _both("A[{person}]A painted the harbour of B[{town}]B from memory.", "A[{person}]A凭记忆画了B[{town}]B的港口。"),
        _both("A[{company}]A has no plans for B[{region}]B.", "A[{company}]A对B[{region}]B没有计划。"),
    ],
}  # fmt: skip

PASSAGES: dict[str, Any] = {
    "town": {
        "title": _both("{town}", "{town}"),
        "facts": [
            {
                "said": [
                    _both("{town} is a town in [{region}].", "{town}是[{region}]的一座城镇。"),
                    _both("The town of {town} lies in [{region}], two hours by train from {town2}.", "{town}位于[{region}]，距{town2}两小时火车。"),
                ],
                "asked": [
                    _both("Where is {town}?", "{town}在哪里？"),
                    _both("In which region does {town} lie?", "{town}位于哪个地区？"),
                    _both("What region is {town} part of?", "{town}属于哪个地区？"),
                    _both("Which part of the country would you search for {town}?", "要在哪个地区找{town}？"),
                ],
            },
            {
                "said": [
                    _both("It was founded in [{year}].", "它建于[{year}]。"),
                    _both("Merchants founded it in [{year}], when the first bridge was built.", "[{year}]修建第一座桥时，商人建立了这座城镇。"),
                ],
                "asked": [
                    _both("When was {town} founded?", "{town}建于何时？"),
                    _both("In which year was {town} founded?", "{town}是哪一年建立的？"),
                    _both("How old is the town: since when is it there?", "这座城镇从什么时候起就有了？"),
                    _both("What year did {town} begin?", "{town}始于哪一年？"),
                ],
            },
            {
                "said": [
                    _both("About [{many}] people live there.", "那里约有[{many}]人居住。"),
                    _both("It has [{many}] inhabitants, most of whom work in the harbour.", "全镇有[{many}]名居民，多数人在港口工作。"),
                ],
                "asked": [
                    _both("How many people live in {town}?", "{town}有多少人？"),
                    _both("What is the population of {town}?", "{town}的人口是多少？"),
                    _both("How many inhabitants does {town} have?", "{town}有多少居民？"),
                    _both("How large is the town's population?", "这座城镇的人口规模有多大？"),
                ],
            },
            {
                "said": [
                    _both("[{person}] has been its mayor since {later}.", "[{person}]自{later}起担任镇长。"),
                    _both("Its mayor is [{person}], a former teacher of {subject}.", "镇长是[{person}]，曾教{subject}。"),
                ],
                "asked": [
                    _both("Who is the mayor of {town}?", "{town}的镇长是谁？"),
                    _both("Who leads the town?", "谁领导这座城镇？"),
                    _both("What is the name of the mayor?", "镇长叫什么名字？"),
                    _both("Which person governs {town}?", "由谁治理{town}？"),
                ],
            },
            {
                "said": [
                    _both("Each {month} visitors come for [{festival}].", "每年{month}，游客为[{festival}]而来。"),
                    _both("The town is known for [{festival}], held every {month}.", "这里以每年{month}举行的[{festival}]闻名。"),
                ],
                "asked": [
                    _both("Which festival is held in {town}?", "{town}举行什么节日？"),
                    _both("What do visitors come to {town} for?", "游客为什么来{town}？"),
                    _both("What is {town} known for?", "{town}以什么闻名？"),
                    _both("What can a visitor celebrate there?", "游客在那里可以过什么节？"),
                ],
            },
        ],
    },
    "company": {
        "title": _both("{company}", "{company}"),
        "facts": [
            {
                "said": [
                    _both("{company} makes [{product}].", "{company}生产[{product}]。"),
                    _both("{company} is known for its [{product}], which it sells in {count} countries.", "{company}以其[{product}]闻名，销往{count}个国家。"),
                ],
                "asked": [
                    _both("What does {company} make?", "{company}生产什么？"),
                    _both("What is {company} known for?", "{company}以什么闻名？"),
                    _both("Which goods does {company} sell?", "{company}卖哪些商品？"),
                    _both("What leaves the factory of {company}?", "{company}的工厂出产什么？"),
                ],
            },
            {
                "said": [
                    _both("It was founded by [{person}] in {year}.", "它由[{person}]于{year}创办。"),
                    _both("Its founder, [{person}], began with one machine.", "创始人[{person}]从一台机器起家。"),
                ],
                "asked": [
                    _both("Who founded {company}?", "谁创办了{company}？"),
                    _both("Who was the founder of {company}?", "{company}的创始人是谁？"),
                    _both("By whom was {company} founded?", "{company}由谁创办？"),
                    _both("Which person started {company}?", "是哪个人办起了{company}？"),
                ],
            },
            {
                "said": [
                    _both("Its head office is in [{town}].", "总部设在[{town}]。"),
                    _both("The company moved to [{town}] after a fire.", "一场火灾后公司迁至[{town}]。"),
                ],
                "asked": [
                    _both("Where is the head office of {company}?", "{company}的总部在哪里？"),
                    _both("In which town is {company} based?", "{company}设在哪座城镇？"),
                    _both("Where is {company}?", "{company}在哪里？"),
                    _both("To which town would you write to reach {company}?", "给{company}写信要寄到哪座城镇？"),
                ],
            },
            {
                "said": [
                    _both("Today [{many}] people work for it.", "如今有[{many}]人在那里工作。"),
                    _both("It has [{many}] employees, a third of them part-time.", "公司有[{many}]名员工，三分之一是兼职。"),
                ],
                "asked": [
                    _both("How many people work for {company}?", "{company}有多少人工作？"),
                    _both("How many employees does {company} have?", "{company}有多少员工？"),
                    _both("What is the number of employees?", "员工人数是多少？"),
                    _both("How large is the staff of {company}?", "{company}的员工规模多大？"),
                ],
            },
            {
                "said": [
                    _both("In [{later}] it opened a second factory in {town2}.", "[{later}]，它在{town2}开设了第二家工厂。"),
                    _both("A second factory, in {town2}, followed in [{later}].", "位于{town2}的第二家工厂于[{later}]建成。"),
                ],
                "asked": [
                    _both("When did {company} open its second factory?", "{company}的第二家工厂何时开设？"),
                    _both("In which year was the second factory opened?", "第二家工厂是哪一年开的？"),
                    _both("When was the factory in {town2} opened?", "{town2}的工厂是什么时候开的？"),
                    _both("Since what year are there two factories?", "从哪一年起有两家工厂？"),
                ],
            },
        ],
    },
    "person": {
        "title": _both("{person}", "{person}"),
        "facts": [
            {
                "said": [
                    _both("{person} was born in [{town}] in {year}.", "{person}{year}出生于[{town}]。"),
                    _both("{person} comes from [{town}], a town in {region}.", "{person}来自{region}的[{town}]。"),
                ],
                "asked": [
                    _both("Where was {person} born?", "{person}出生在哪里？"),
                    _both("Which town does {person} come from?", "{person}来自哪座城镇？"),
                    _both("What is the birthplace of {person}?", "{person}的出生地是什么？"),
                    _both("Where did {person} grow up?", "{person}在哪里长大？"),
                ],
            },
            {
                "said": [
                    _both("As a student, the author read [{subject}] in {town2}.", "作者在{town2}读的是[{subject}]。"),
                    _both("After school came four years of [{subject}] at the university of {town2}.", "中学毕业后在{town2}大学学了四年[{subject}]。"),
                ],
                "asked": [
                    _both("What did {person} study?", "{person}学的是什么？"),
                    _both("Which subject did {person} read?", "{person}读的是哪个专业？"),
                    _both("What was {person}'s subject at university?", "{person}大学的专业是什么？"),
                    _both("In what field was {person} trained?", "{person}受的是哪方面的训练？"),
                ],
            },
            {
                "said": [
                    _both("The first novel, [{work}], came out in {later}.", "第一部小说[{work}]于{later}出版。"),
                    _both("Fame came in {later} with [{work}].", "{later}凭[{work}]成名。"),
                ],
                "asked": [
                    _both("What is the title of the first novel?", "第一部小说叫什么？"),
                    _both("Which book made {person} famous?", "哪本书让{person}成名？"),
                    _both("What did {person} publish?", "{person}出版了什么？"),
                    _both("What is {person} famous for?", "{person}因什么出名？"),
                ],
            },
            {
                "said": [
                    _both("For years the rent was paid by a job at [{company}].", "多年来靠在[{company}]的工作付房租。"),
                    _both("By day, the author kept the books of [{company}].", "白天，作者为[{company}]记账。"),
                ],
                "asked": [
                    _both("Which company did {person} work for?", "{person}在哪家公司工作？"),
                    _both("Where did {person} work?", "{person}在哪里上班？"),
                    _both("Who was the employer of {person}?", "{person}的雇主是谁？"),
                    _both("How did {person} earn a living?", "{person}靠什么谋生？"),
                ],
            },
            {
                "said": [
                    _both("Every translation was made by [{person2}].", "所有译本都出自[{person2}]之手。"),
                    _both("A friend, [{person2}], drew the pictures.", "插图由朋友[{person2}]绘制。"),
                ],
                "asked": [
                    _both("Who helped with the books?", "谁为这些书出了力？"),
                    _both("Which friend worked on the books?", "哪位朋友参与了这些书？"),
                    _both("Who else had a part in the books?", "还有谁参与了这些书？"),
                    _both("What is the name of the author's helper?", "作者的帮手叫什么名字？"),
                ],
            },
        ],
    },
}  # fmt: skip

STORIES: list[dict[str, Any]] = [
    {
        "begin": _both("{company} will open a factory for {product} in {town} next {month}, the company said.", "{company}表示，将于明年{month}在{town}开设一家{product}工厂。"),
        "title": _both("{company} to open a factory in {town}", "{company}将在{town}开厂"),
        "more": [
            _both("About {count} people will find work there.", "约{count}人将在那里就业。"),
            _both("The council had offered the land for one coin a year.", "镇议会以每年一枚硬币的价格提供土地。"),
            _both("Neighbours asked for a wall against the noise.", "邻居要求修一堵隔音墙。"),
        ],
    },
    {
        "begin": _both("Heavy rain has closed {street} in {town} since {day} morning.", "自{day}早晨起，{town}的{street}因大雨封闭。"),
        "title": _both("{street} closed after heavy rain", "大雨后{street}封闭"),
        "more": [
            _both("Buses take another way until the water is gone.", "积水退去前公交车改道。"),
            _both("Nobody was hurt, the fire brigade said.", "消防队说无人受伤。"),
            _both("{count} cellars were pumped dry in the night.", "夜里抽干了{count}个地窖。"),
        ],
    },
    {
        "begin": _both("{person} of {town} has won this year's prize for the novel {work}.", "{town}的{person}凭小说{work}获得今年的大奖。"),
        "title": _both("Prize for {person}'s {work}", "{person}的{work}获奖"),
        "more": [
            _both("The jury praised its calm and its humour.", "评委称赞其沉静与幽默。"),
            _both("The author learnt of it on the ferry.", "作者是在渡轮上得知消息的。"),
            _both("A second part is to come out in {month}.", "第二部将于{month}出版。"),
        ],
    },
    {
        "begin": _both("{festival} drew {many} visitors to {town} this weekend, more than ever before.", "本周末，{festival}为{town}吸引了{many}名游客，创下纪录。"),
        "title": _both("Record number of visitors at {festival}", "{festival}游客人数创纪录"),
        "more": [
            _both("The sun shone on both days.", "两天都阳光灿烂。"),
            _both("Hotels were full as far as {town2}.", "连{town2}的旅馆都住满了。"),
            _both("The mayor thanked the volunteers.", "镇长感谢了志愿者。"),
        ],
    },
    {
        "begin": _both("The library of {town} will stay open until ten in the evening from {month} on.", "{town}图书馆从{month}起将开放到晚上十点。"),
        "title": _both("Longer opening hours at {town}'s library", "{town}图书馆延长开放时间"),
        "more": [
            _both("Students had asked for it in a letter with {count} names.", "学生们曾以{count}人联名信提出要求。"),
            _both("{company} pays for the light.", "{company}承担电费。"),
            _both("On Sundays nothing changes.", "星期日不变。"),
        ],
    },
    {
        "begin": _both("A ferry of {company} ran aground on {river} near {town} on {day}.", "{day}，{company}的一艘渡轮在{town}附近的{river}搁浅。"),
        "title": _both("Ferry runs aground near {town}", "渡轮在{town}附近搁浅"),
        "more": [
            _both("All {count} passengers were brought ashore in boats.", "{count}名乘客全部乘小艇上岸。"),
            _both("The captain had lost his way in the fog.", "船长在雾中迷失了方向。"),
            _both("The ship came free with the tide.", "涨潮后船脱浅。"),
        ],
    },
    {
        "begin": _both("The council of {town} has decided to plant {count} trees along {street}.", "{town}议会决定沿{street}种植{count}棵树。"),
        "title": _both("{count} new trees for {street}", "{street}将新种{count}棵树"),
        "more": [
            _both("Shopkeepers fear for their parking spaces.", "店主担心停车位。"),
            _both("Planting begins in {month}.", "{month}开始种植。"),
            _both("Schools may give the trees names.", "学校可以给树取名。"),
        ],
    },
    {
        "begin": _both("{person} is the new director of {company}, which is based in {town}.", "{person}出任总部位于{town}的{company}的新经理。"),
        "title": _both("{person} to head {company}", "{person}执掌{company}"),
        "more": [
            _both("The former director, {person2}, retires after {count} years.", "前任经理{person2}在任职{count}年后退休。"),
            _both("The staff heard of it on {day}.", "员工于{day}得知此事。"),
            _both("No posts are to be lost.", "不会裁减岗位。"),
        ],
    },
]  # fmt: skip

_THANKS = [
    _both("Thank you, that is all.", "谢谢，没有别的了。"), _both("Great, thanks a lot.", "太好了，非常感谢。"),
    _both("Perfect. Goodbye!", "好的，再见！"), _both("Thanks, you have helped me.", "谢谢，帮了大忙。"),
]  # fmt: skip
_BYE = [
    _both("You are welcome. Goodbye!", "不客气，再见！"),
    _both("Glad to help. Have a good day!", "很高兴能帮到您，祝您愉快！"),
]

DIALOGUES: dict[str, list[tuple[str, list[dict[str, str]]]]] = {
    "waste": [
        ("user", [
            _both("My bin was not emptied this week.", "这周我家的垃圾桶没有清空。"), _both("Hello, nobody came for our rubbish.", "你好，没人来收我们的垃圾。"),
            _both("The bins on our street are still full.", "我们街上的垃圾桶还是满的。"), _both("Can you tell me why the waste was left?", "请问垃圾为什么没收？"),
        ]),
        ("assistant", [_both("I am sorry to hear that. Which street is it?", "很抱歉。请问是哪条街？")]),
        ("user", [
            _both("{street} {count}.", "{street}{count}号。"), _both("It is {street}, number {count}.", "是{street}，{count}号。"),
            _both("{street}.", "{street}。"), _both("We live at {street} {count}.", "我们住在{street}{count}号。"),
        ]),
        ("assistant", [_both("A lorry will come to {street} on {day}. Your reference is {number}.", "{day}会有车去{street}。您的编号是{number}。")]),
        ("user", _THANKS),
        ("assistant", _BYE),
    ],
    "library": [
        ("user", [
            _both("Can I keep {book} for longer?", "{book}可以续借吗？"), _both("I would like to renew {book}.", "我想续借{book}。"),
            _both("{book} is due, and I have not finished it.", "{book}到期了，我还没看完。"), _both("May I have {book} for two more weeks?", "{book}能再借两周吗？"),
        ]),
        ("assistant", [_both("Of course. What is the number of your card?", "当然可以。请问您的借书证号是多少？")]),
        ("user", [_both("{number}.", "{number}。"), _both("It is {number}.", "是{number}。"), _both("My card says {number}.", "证上写的是{number}。"), _both("Number {number}.", "号码{number}。")]),
        ("assistant", [_both("{book} is renewed. Please bring it back in {month}.", "{book}已续借，请于{month}归还。")]),
        ("user", _THANKS),
        ("assistant", _BYE),
    ],
    "water": [
        ("user", [
            _both("There is water running down the street.", "街上有水在流。"), _both("A pipe has burst in front of my house.", "我家门前的水管爆了。"),
            _both("No water comes out of the tap.", "水龙头不出水。"), _both("Our cellar is full of water from the drain.", "我们的地窖里全是下水道的水。"),
        ]),
        ("assistant", [_both("We will look at it at once. Where is it?", "我们马上处理。请问在哪里？")]),
        ("user", [_both("In {street}.", "在{street}。"), _both("{street}, at the corner.", "{street}拐角处。"), _both("In front of {street} {count}.", "{street}{count}号门前。"), _both("Near the school in {street}.", "{street}学校附近。")]),
        ("assistant", [_both("A team is on its way to {street}. Please keep away from the water.", "维修队正赶往{street}，请远离积水。")]),
        ("user", _THANKS),
        ("assistant", _BYE),
    ],
    "events": [
        ("user", [
            _both("When is {festival}?", "{festival}是什么时候？"), _both("I would like to go to {festival}.", "我想去{festival}。"),
            _both("Are there tickets for {festival}?", "{festival}有票吗？"), _both("What about {festival} this year?", "今年的{festival}怎么样？"),
        ]),
        ("assistant", [_both("{festival} is in {month}. How many tickets would you like?", "{festival}在{month}举行。您要几张票？")]),
        ("user", [_both("{count}, please.", "请给我{count}张。"), _both("I need {count} tickets.", "我需要{count}张票。"), _both("{count}.", "{count}张。"), _both("We are {count} people.", "我们一共{count}人。")]),
        ("assistant", [_both("{count} tickets for {festival} are kept for you under {number}.", "已为您保留{count}张{festival}的票，编号{number}。")]),
        ("user", _THANKS),
        ("assistant", _BYE),
    ],
}  # fmt: skip
