"""Citizens for tests, as many as are wanted, and banks that take money back."""
import csv
import os

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DIGITS = ["KHÔNG", "MỘT", "HAI", "BA", "BỐN", "NĂM", "SÁU", "BẢY", "TÁM", "CHÍN"]


def person(number):
    """Who owns 0981NNNNNN at the simulated carrier (services/sandbox/subscribers.c)."""
    woman, year = number % 2, 70 + number % 30
    return {
        "login_id": f"001{woman}{year:02d}{number:06d}",
        "full_name": f"NGUYỄN {'THỊ' if woman else 'VĂN'} {DIGITS[number // 10 % 10]} {DIGITS[number % 10]}",
        "birth_date": f"{1 + number % 28:02d}/{1 + number // 28 % 12:02d}/19{year:02d}",
        "phone": f"0981{number:06d}",
    }


def generous_banks(folder):
    """The banks of the house, and VietinBank takes money back through the platform."""
    with open(f"{SOURCE}/services/payment/data/banks.csv") as table:
        rows = list(csv.reader(table))
    refund, code = rows[0].index("refund"), rows[0].index("code")
    for row in rows:
        if row[code] == "CTG":
            row[refund] = "1"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/banks.csv", "w") as table:
        csv.writer(table, lineterminator="\n").writerows(rows)
    return f"{os.path.abspath(folder)}/banks.csv"
