"""Interactive forms and the forms of TT 03/2025 in the running house: fill, prefill, send, the receipt slip as PDF.

    forms.py <folder of the daemons>
"""
import json
import os
import subprocess

import story
from authority import Authorities  # noqa: E402: story finds it
from story import CITIZEN, OFFICER, UNIT, demo, enum_name

BIRTH = "1.001193"
RIGHTS = "DOSSIER_RECEIVE,DOSSIER_PROCESS,DOSSIER_APPROVE,RESULT_RETURN,FORM_EDIT"
WHY = "Kiểm tra hồ sơ"
AGENCY = "ỦY BAN NHÂN DÂN THỊ TRẤN BẾN CẦU"


class Forms(story.Story):
    def dossier(self, method, request, session=None, **more):
        return self.portal.call("dossier", method, request, session or self.desk, **more)

    def test_forms_and_documents(self):
        self.authorities = Authorities(f"{self.folder}/authorities")
        self.addCleanup(self.authorities.stop)
        self.authorities.agency(UNIT, AGENCY)
        self.up()
        self.citizen_session = self.citizen()
        self.steps.register(OFFICER)
        self.operator("rights", "grant", OFFICER["login_id"], UNIT, RIGHTS, "test")
        self.desk = self.steps.login(OFFICER)
        at = self.check_filling()
        self.check_receipt_slip(at)
        self.check_other_documents(at)
        self.check_new_version()
        self.check_books()

    def check_filling(self):
        """DOS-14 DOS-15 DIG-03: prefilled with its sources, refused with every field, kept clean with its version."""

        def known():
            form = self.dossier("GetForm", {"procedure_code": BIRTH, "prefill": True}, self.citizen_session)
            origins = {o.field: o for o in form.origins}
            kind = origins["applicant_id"].source_kind if "applicant_id" in origins else ""
            return form if kind == "POPULATION_REGISTER" else None

        form = self.wait("the register to have confirmed her", known)
        self.assertEqual(form.head.title, "Tờ khai đăng ký khai sinh")
        values = json.loads(form.values)
        self.assertEqual((values["applicant_name"], values["applicant_birth"], values["applicant_phone"]),
                         (CITIZEN["full_name"], CITIZEN["birth_date"], CITIZEN["phone"]))
        self.assertEqual({o.source for o in form.origins},
                         {"Cơ sở dữ liệu quốc gia về dân cư", "Tài khoản Cổng Dịch vụ công"})
        definition = json.loads(form.definition)
        fields = {f["name"]: f for s in definition["sections"] for f in s["fields"]}

        places = self.dossier("ListPlaces", {}, self.citizen_session).places
        province = next(p.code for p in places if p.name == "Tỉnh Tây Ninh")
        communes = self.dossier("ListPlaces", {"province": province}, self.citizen_session).places
        commune = next(p.code for p in communes if p.name == "Xã Bến Cầu")

        wrong = {**values, "child_birth": "31/02/2025", "child_sex": "x", "birth_place_kind": "elsewhere",
                 "birth_province": "01", "birth_commune": commune, "siblings": [{"name": "Nguyễn Văn Anh"}]}
        checked = self.dossier("CheckForm", {"procedure_code": BIRTH, "form": json.dumps(wrong)}, self.citizen_session)
        problems = {p.field: p.code for p in checked.problems}
        self.assertFalse(checked.valid)
        want = {"child_birth": "DATE_INVALID", "child_sex": "FORM_CHOICE", "birth_commune": "FORM_COMMUNE",
                "siblings[0].birth": "FORM_REQUIRED", "child_name": "FORM_REQUIRED", "truthful": "FORM_REQUIRED"}
        self.assertEqual({field: problems.get(field) for field in want}, want)
        draft = {"procedure_code": BIRTH, "unit": UNIT, "abstract": "Đăng ký khai sinh", "form": json.dumps(wrong)}
        saved = self.dossier("SaveDraft", draft, self.citizen_session)  # as incomplete as it likes
        self.assertEqual(len(saved.form_problems), len(problems))
        refused = self.refused("FORM_REQUIRED", "dossier", "Submit", {"dossier_id": saved.dossier_id}, self.citizen_session)
        told = {field for field, _, _ in refused.violations}
        self.assertTrue({"form.child_birth", "form.siblings[0].birth"} <= told, told)
        self.assertTrue(all(fields[f.split(".")[1].split("[")[0]] for f in told))

        good = {**json.loads(demo.BIRTH_FORM), **values, "applicant_phone": "0912 000 102", "child_birth": "1/9/2025",
                "birth_province": province, "birth_commune": commune, "father_name": "không khai"}
        saved = self.dossier("SaveDraft", {**draft, "dossier_id": saved.dossier_id, "form": json.dumps(good)},
                             self.citizen_session)
        self.assertEqual(list(saved.form_problems), [])
        sent = self.dossier("Submit", {"dossier_id": saved.dossier_id}, self.citizen_session)
        view = self.dossier("Get", {"dossier_id": saved.dossier_id}, purpose=WHY)
        kept = json.loads(view.form)
        self.assertEqual((kept["child_birth"], kept["applicant_phone"]), ("01/09/2025", "0912000102"))
        self.assertNotIn("father_name", kept)  # it was not shown
        self.assertEqual((view.form_code, view.form_version), ("birth", 1))
        changed = {o.field: o.changed for o in view.form_origins}
        self.assertEqual((changed["applicant_name"], changed["applicant_phone"]), (False, True))
        return sent

    def document(self, dossier_id, form_no, session=None, **more):
        def ready():
            documents = self.dossier("ListDocuments", {"dossier_id": dossier_id}, session).documents
            found = next((d for d in documents if d.form_no == form_no), None)
            return found if found and enum_name(found, "state") == "DOCUMENT_READY" else None

        found = self.wait(f"form {form_no}", ready)
        return self.dossier("GetDocument", {"dossier_id": dossier_id, "document_id": found.document_id}, session, **more)

    def text(self, name, content):
        path = f"{self.folder}/{name}.pdf"
        with open(path, "wb") as file:
            file.write(content)
        done = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True)
        return " ".join(done.stdout.split())

    def check_receipt_slip(self, at):
        """S15: form 01 with QR, in Vietnamese; the citizen downloads it through the gateway."""
        accepted = self.dossier("Accept", {"dossier_id": at.dossier_id, "version": at.version})
        got = self.document(at.dossier_id, "01", self.citizen_session)
        self.assertEqual(got.file_name, f"mau-01-{accepted.code}.pdf")
        text = self.text("01", got.content)
        for words in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "Số: 1/TNHS",
                      "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ", f"Mã hồ sơ: {accepted.code}",
                      f"Tiếp nhận hồ sơ của: {CITIZEN['full_name']}", "Địa chỉ: Ấp 2, xã Bến Cầu, tỉnh Tây Ninh",
                      "Nội dung yêu cầu giải quyết: Đăng ký khai sinh (1.001193)", "Tờ khai đăng ký khai sinh",
                      "Thời gian trả kết quả giải quyết hồ sơ:", OFFICER["full_name"]):
            self.assertIn(words, text)
        http = self.steps.http.call("motcua.dossier.v1.Dossier/ListDocuments",
                                    {"dossierId": demo.base64.b64encode(at.dossier_id).decode()}, self.citizen_session)
        self.assertEqual(http["documents"][0]["title"], "Giấy tiếp nhận hồ sơ và hẹn trả kết quả")
        subprocess.run(["pdftoppm", "-png", "-r", "150", f"{self.folder}/01.pdf", f"{self.folder}/01"], check=True)
        picture = next(name for name in os.listdir(self.folder) if name.startswith("01-") and name.endswith(".png"))
        read = subprocess.run(["zbarimg", "-q", "--raw", f"{self.folder}/{picture}"], capture_output=True, text=True)
        self.assertEqual(read.stdout.strip(), accepted.code)  # and nothing personal
        self.assertEqual((got.document.signed, got.document.signed_by), (True, AGENCY))
        signatures = subprocess.run(["pdfsig", "-nocert", f"{self.folder}/01.pdf"], capture_output=True, text=True).stdout
        self.assertIn("Signature is Valid.", signatures)
        self.assertIn("Total document signed", signatures)
        self.code = accepted.code

    def check_other_documents(self, at):
        """S17 form 02, form 05, and for officers 06 and 07."""
        version = self.dossier("Get", {"dossier_id": at.dossier_id}, purpose=WHY).version
        asked = self.dossier("Advance", {
            "dossier_id": at.dossier_id, "version": version, "to": "SUPPLEMENT_REQUESTED",
            "reason": "KHÔNG HỢP LỆ: thiếu tờ khai có chữ ký",
            "supplement": [{"component": "Giấy chứng sinh", "request": "Nộp bản chính để đối chiếu"}]})
        text = self.text("02", self.document(at.dossier_id, "02", self.citizen_session).content)
        for words in ("PHIẾU YÊU CẦU BỔ SUNG, HOÀN THIỆN HỒ SƠ", "Nộp bản chính để đối chiếu", "thiếu tờ khai có chữ ký"):
            self.assertIn(words, text)
        self.dossier("Advance", {"dossier_id": at.dossier_id, "version": asked.version, "to": "STOPPED", "reason": "Quá hạn bổ sung"})
        self.assertIn("THÔNG BÁO DỪNG GIẢI QUYẾT HỒ SƠ",
                      self.text("05", self.document(at.dossier_id, "05", self.citizen_session).content))
        self.dossier("MakeDocument", {"dossier_id": at.dossier_id, "form_no": "06"})
        text = self.text("06", self.document(at.dossier_id, "06", purpose=WHY).content)
        for words in ("PHIẾU KIỂM SOÁT QUÁ TRÌNH GIẢI QUYẾT HỒ SƠ", "Yêu cầu bổ sung giấy tờ", "Dừng xử lý"):
            self.assertIn(words, text)
        self.assertNotIn("06", [d.form_no for d in self.dossier("ListDocuments", {"dossier_id": at.dossier_id},
                                                                self.citizen_session).documents])
        day = "{2}/{1}/20{0}".format(*(self.code.split("-")[1][i:i + 2] for i in (0, 2, 4)))
        made = self.dossier("MakeRegister", {"from": day, "until": day})

        def book():
            found = self.dossier("ListDocuments", {"unit": UNIT}).documents
            return found and enum_name(found[0], "state") == "DOCUMENT_READY"

        self.wait("the register", book)
        got = self.dossier("GetDocument", {"unit": UNIT, "document_id": made.document_id}, purpose=WHY)
        text = self.text("07", got.content)
        self.assertIn("SỔ THEO DÕI HỒ SƠ", text)
        self.assertIn("Dừng xử lý", text)

    def check_new_version(self):
        """DOS-18: shown before it is published; what was filled in before keeps its version."""
        first = self.dossier("GetForm", {"code": "birth"})
        definition = json.loads(first.definition)
        definition["sections"][1]["fields"].append({"name": "child_weight", "type": "number", "label": "Cân nặng (gam)",
                                                    "min": 300, "max": 8000})
        definition["from"] = "01/01/2026"
        text = json.dumps(definition, ensure_ascii=False)
        shown = self.dossier("PreviewForm", {"definition": text})
        self.assertEqual({(c.field, c.what) for c in shown.changes}, {("child_weight", "ADDED"), ("#form", "CHANGED")})
        self.dossier("PublishForm", {"definition": text, "token": shown.token, "reason": "Thông tư mới"})
        self.refused("FORM_PREVIEW_STALE", "dossier", "PublishForm",
                     {"definition": text, "token": shown.token, "reason": "Thông tư mới"}, self.desk)
        self.assertEqual(self.dossier("GetForm", {"code": "birth"}).head.version, 2)
        self.assertEqual(self.dossier("GetForm", {"code": "birth", "version": 1}).definition, first.definition)
        definition["sections"][1]["fields"][-1]["show_when"] = {"field": "nowhere", "filled": True}
        refused = self.refused("FORM_DEF_FIELD", "dossier", "PreviewForm", {"definition": json.dumps(definition)}, self.desk)
        self.assertEqual(refused.violations[0][0], f"definition.sections[1].fields[{len(definition['sections'][1]['fields']) - 1}].show_when")


if __name__ == "__main__":
    story.main()
