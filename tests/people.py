"""Citizens for tests, as many as are wanted."""
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
