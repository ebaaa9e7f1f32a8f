"""Common given and family names in several scripts, by which names are masked.

They are kept here, not taken from a package of made-up data: its lists change between releases, and then two runs with
one key would no longer agree. For the same reason a list changes only together with the purpose of the derivation
(`dynasmith.operations.pseudonym`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class NameList:
    """Names of one script. ``first`` and ``last`` are the code points between which its letters stand; ``family_first``
    says that the family name leads, ``space`` what stands between the two."""

    first: str
    last: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    family_first: bool = False
    space: str = " "


def names_in(text: str) -> tuple[str, ...]:
    """The names that a text lists."""
    return tuple(text.split())


LATIN: Final = NameList(
    "A",
    "ɏ",
    names_in(
        "Ada Alma Amir Anna Ben Carla Chloe Clara David Diego Elena Elias Emma Eric Fatima Felix "
        "Grace Hana Hugo Ines Iris Jan Jonas Julia Karim Kofi Lea Leo Lina Luca Lucy Mara Maya Mia "
        "Mila Noah Nora Olga Oscar Paula Petra Rosa Samuel Sara Simon Sofia Tara Thomas Tim Vera "
        "Viktor Yara Zoe"
    ),
    names_in(
        "Adams Arnold Bauer Becker Bell Berg Bianchi Brown Costa Cruz Dubois Evans Fischer Fontana "
        "Garcia Gomez Gray Hansen Hill Horvat Ivanov Jansen Jensen Kaya Keller Khan King Klein Kovac "
        "Lambert Larsen Lopez Martin Meyer Moreau Moretti Moser Novak Olsen Okafor Parker Perez Petit "
        "Popescu Ricci Rossi Santos Schmid Silva Smith Sousa Steiner Tanner Turner Weber Wolf Wood "
        "Young"
    ),
)
NAME_LISTS: Final = (
    LATIN,
    NameList(
        "Ͱ",
        "Ͽ",
        names_in("Αλέξης Άννα Γιάννης Δήμητρα Ελένη Ηλίας Ιωάννα Κώστας Μαρία Νίκος Πέτρος Σοφία"),
        names_in("Αντωνίου Βασιλείου Γεωργίου Δημητρίου Ιωάννου Κωνσταντίνου Μακρής Νικολάου Παππάς Χρήστου"),
    ),
    NameList(
        "Ѐ",
        "ӿ",
        names_in(
            "Александр Анна Борис Вера Дарья Дмитрий Елена Иван Ирина Мария Михаил Нина Ольга Олег Павел "
            "Сергей Тарас Юлия"
        ),
        names_in(
            "Бондаренко Васильченко Гончар Дорошенко Коваленко Кравец Кузьменко Лысенко Мельник Петренко "
            "Романенко Шевченко"
        ),
    ),
    NameList(
        "֐",
        "׿",
        names_in("אבי אורי אילן דוד דנה יעל מאיה משה נועה רון רות שרה"),
        names_in("אברהם ביטון גולן דהן כהן לוי מזרחי פרץ פרידמן שפירא"),
    ),
    NameList(
        "؀",
        "ۿ",
        names_in("أحمد أمينة حسن خالد زينب سارة سمير عمر فاطمة ليلى محمود مريم نور يوسف"),
        names_in("إبراهيم الأحمد التميمي الحسن الخطيب السيد العلي المصري حداد خليل منصور ناصر"),
    ),
    NameList(
        "ऀ",
        "ॿ",
        names_in("अमित अनिता अर्जुन दीपा कविता मोहन नेहा प्रिया राहुल राज सीता विजय"),
        names_in("अग्रवाल गुप्ता जोशी कपूर खन्ना मेहता मिश्रा पटेल राव शर्मा सिंह वर्मा"),
    ),
    NameList(
        "฀",
        "๿",
        names_in("กมล ชัย ดารา นภา นิดา ปรีชา พิม มานะ มาลี วิชัย สมชาย อรุณ"),
        names_in("แก้วมณี จันทร์ดี ชัยวงศ์ ทองดี บุญมา ใจดี ศรีสุข สุขใจ แสงทอง วงศ์ใหญ่"),
    ),
    NameList(
        "가",
        "힣",
        names_in("민준 서연 지훈 하은 도윤 수빈 예준 지우 현우 유진 은지 태민"),
        names_in("김 이 박 최 정 강 조 윤 장 임 한 오"),
        family_first=True,
        space="",
    ),
    NameList(
        "぀",
        "ヿ",
        names_in("あおい はると ひなた ゆい そうた さくら りく めい かいと みお たける なお"),
        names_in("さとう すずき たかはし たなか いとう わたなべ やまもと なかむら こばやし かとう"),
        family_first=True,
    ),
    NameList(
        "一",
        "鿿",
        names_in("伟 芳 娜 敏 静 强 磊 洋 艳 勇 杰 娟 涛 超 霞 平"),
        names_in("王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱"),
        family_first=True,
        space="",
    ),
)


def list_of(text: str) -> NameList:
    """The list of the first letter of a text that is in one; the Latin one where none is."""
    for letter in text:
        if letter.isalpha():
            for names in NAME_LISTS:
                if names.first <= letter <= names.last:
                    return names
    return LATIN
