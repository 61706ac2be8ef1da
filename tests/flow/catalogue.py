"""The catalogue from the national database, applied as previewed; the guide's screen; codes mapped with review.

    catalogue.py <folder of the daemons>
"""
import hashlib
import re
import signal

import story
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from story import enum_name

LAND = """code,name,parent
31,Tỉnh Tây Ninh,
311,Huyện Bến Cầu,31
31102,Xã Long Thuận,311
31205,Xã Hòa Hội,31
31206,Xã Hòa Hội,31
"""
TAX = """code,name,parent
709,Tây Ninh,
70901,Huyện Bến Cầu,709
7090102,Long Thuận,70901
7090205,Xã Hoà Hội,709
"""


class Catalogue(story.Story):
    def file(self, name, text):
        path = f"{self.folder}/{name}"
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def search(self, **request):
        return self.portal.call("dossier", "SearchProcedures", {"page_size": 100, **request})

    def imported(self, state):
        found = self.local("operator:check").call("dossier", "ListImports", {}).imports
        return found and enum_name(found[0], "state") == state and found[0]

    def test_from_the_national_database(self):
        """DOS-16, DOS-18, MAP-08: faults, a kill in the middle, the preview, the hash, publication; DOS-01 to DOS-03."""
        self.up()
        screen = self.search(unit="thị trấn Bến Cầu", sector="Tư pháp(xã)", words="khai sinh")
        self.assertEqual(screen.procedures[0].name, "Đăng ký khai sinh")
        old = {p.code: p.old_level for p in screen.procedures}
        self.assertEqual((old["1.001193"], old["2.002621"], old["1.000689"]), (1, 2, 2))  # «Mức độ 1 | Nộp hồ sơ»
        self.assertEqual(sum(s.count for s in screen.sectors if s.sector == "Hộ tịch"), 7)
        self.assertTrue({"xã"} <= {level.level for level in screen.levels})

        for trouble in ("http500", "garbage"):
            self.fault("dvcqg", trouble, count=1)
        self.assertIn("IMPORT_FETCHING", self.operator("procedure", "fetch", "đồng bộ tháng 9"))
        self.end_daemons(["dossier"], signal.SIGKILL)
        self.start_daemons(["dossier"])
        ready = self.wait("the import to be ready", lambda: self.imported("IMPORT_READY"))
        self.assertEqual((ready.added, ready.waiting, len(ready.faults)), (2, 0, 1))
        self.assertIn("2.900103", ready.faults[0])
        said = self.operator("procedure", "preview", bytes(ready.import_id).hex())
        self.assertIn("CHANGED 1.004873 Cấp Giấy xác nhận tình trạng hôn nhân", said)
        self.assertIn("ADDED 2.900101", said)
        digest = re.search(r"^hash ([0-9a-f]{64})$", said, re.M)[1]
        self.assertEqual(self.search(words="bị bỏ rơi").total, 0)  # nothing before it is applied
        self.operator("procedure", "apply", bytes(ready.import_id).hex(), "0" * 64, "nhầm", want=77)
        self.operator("procedure", "apply", bytes(ready.import_id).hex(), digest, "đã rà soát")
        self.wait("the import to be applied", lambda: self.imported("IMPORT_APPLIED"))
        found = self.search(unit="thi tran ben cau", words="tre em bi bo roi")
        self.assertEqual([(p.code, p.service_level, p.fee) for p in found.procedures], [("2.900101", "FULL", 8000)])
        now = self.portal.call("dossier", "GetProcedure", {"code": "1.004873"})
        self.assertEqual((now.version, now.deadline_value), (2, 2))
        types = self.types()
        self.assertEqual(types["dossier.procedure_published"], ready.added + ready.changed)
        self.assertEqual(types["dossier.catalogue_changed"], 1)

        csv = self.file("own.csv", "code,name\n1.004873,Tên của tỉnh\n")
        said = self.operator("procedure", "import", csv, "tên của tỉnh")
        self.assertIn("name: «Cấp Giấy xác nhận tình trạng hôn nhân» → «Tên của tỉnh»", said)
        own = re.search(r"^([0-9a-f]{32})  ", said, re.M)[1]
        self.operator("procedure", "apply", own, re.search(r"hash (\S+)", said)[1], "tên của tỉnh")
        self.wait("it to be applied", lambda: self.search(words="Tên của tỉnh").total == 1)
        said = self.operator("procedure", "undo", own, "nhầm")
        undo = re.search(r"^([0-9a-f]{32})  ", said, re.M)[1]
        self.wait("the undo to be ready", lambda: self.imported("IMPORT_READY"))
        said = self.operator("procedure", "preview", undo)
        self.operator("procedure", "apply", undo, re.search(r"hash (\S+)", said)[1], "nhầm")
        self.wait("it to be undone", lambda: self.search(words="Tên của tỉnh").total == 0)
        self.check_books()

    def test_codes_and_maps(self):
        """MAP-01 to MAP-06: two lists, proposals, a name that is there twice for review, a signed version, old codes."""
        self.up()
        for name, text in (("LAND_AREA", LAND), ("TAX_AREA", TAX)):
            path = self.file(name, text)
            self.assertIn("not applied", self.operator("codes", "import", name, path, "QĐ 124/2004"))
            self.assertIn("0 the same\n", self.operator("codes", "import", name, path, "QĐ 124/2004", "yes"))
            self.assertIn("0 added, 0 changed", self.operator("codes", "import", name, path, "QĐ 124/2004"))
        self.assertIn("2 proposed, 2 for review", self.operator("map", "propose", "LAND_AREA", "TAX_AREA", "31"))
        review = self.operator("map", "list", "LAND_AREA", "TAX_AREA", "REVIEW")
        self.assertIn("MAP_REVIEW  31205 «Xã Hòa Hội» → - «»  SAME_NAME  v1\n    7090205 «Xã Hoà Hội»", review)
        self.operator("map", "sign", "LAND_AREA", "TAX_AREA", "2026-09-01", "ban hành", want=77)
        self.operator("map", "decide", "LAND_AREA", "TAX_AREA", "31102", "7090102", "1", "")
        self.operator("map", "decide", "LAND_AREA", "TAX_AREA", "31206", "7090205", "1", "đối chiếu bản đồ")
        self.assertIn("version 1: 2 rows, 2 still open", self.operator("map", "sign", "LAND_AREA", "TAX_AREA", "2020-01-01", "ban hành"))
        csv = self.operator("map", "export", "LAND_AREA", "TAX_AREA")
        self.assertEqual(csv.splitlines()[1:], ['31102,"Xã Long Thuận",7090102,"Long Thuận"', '31206,"Xã Hòa Hội",7090205,"Xã Hoà Hội"'])
        version = self.portal.call("dossier", "ExportMap", {"from_list": "LAND_AREA", "to_list": "TAX_AREA"}).version
        self.assertIn(f"sha256={hashlib.sha256(csv.encode()).hexdigest()}\n", version.statement)
        key = Ed25519PublicKey.from_public_bytes(bytes(version.public_key))
        key.verify(bytes(version.signature), version.statement.encode())  # raises when it is not ours
        asked = self.portal.call("dossier", "ResolveCode", {"list": "LAND_AREA", "code": "31206", "to_list": "TAX_AREA"})
        self.assertEqual((asked.to_code, asked.map_version), ("7090205", 1))

        def communes():
            return self.portal.call("dossier", "ListCodes", {"list": "GSO_AREA", "province": "80", "page_size": 100}).codes

        self.wait("the statistics office's list", communes)
        self.wait("old codes", lambda: self.portal.call("dossier", "ResolveCode", {"list": "GSO_AREA", "code": "02"}).successors)


if __name__ == "__main__":
    story.main()
