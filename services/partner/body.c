/*
 * What partners are sent, field by field: HoSo and TienTrinh of the one-door exchange, and the
 * land tax voucher, as public code of the members has them (dates yyyyMMddHHmmss, local time).
 * Only what the other side needs: who handles a dossier here is told as an office, not as a person.
 */
#include <string.h>

#include "common/date.h"
#include "common/json.h"

#include "delivery.h"

static void put(struct mc_json_writer *writer, const char *key, const char *text)
{
    mc_json_key(writer, key);
    mc_json_string(writer, text);
}

static void put_stamp(struct mc_json_writer *writer, const char *key, int64_t at_ms)
{
    char stamp[MC_STAMP_SIZE] = "";

    if (at_ms != 0)
        mc_time_format_stamp(stamp, sizeof stamp, at_ms);
    put(writer, key, stamp);
}

/* Numbers of code lists are texts in these messages. */
static void put_code(struct mc_txn *txn, struct mc_json_writer *writer, const char *key,
                     unsigned code)
{
    put(writer, key, mc_sprintf(txn->arena, "%u", code));
}

static char *finish(struct mc_txn *txn, struct mc_json_writer *writer)
{
    struct mc_bytes text = {0};

    mc_json_end(writer);
    if (mc_json_finish(writer, &text) == MC_OK && text.len <= PARTNER_DATA_MAX)
        return mc_unconst(text.data);
    (void)mc_fail(txn, MC_LIMITED, "too much to send");
    return NULL;
}

/* KenhThucHien: 1 Trực tiếp, 2 Trực tuyến, 3 BCCI. */
static unsigned channel_of(Dossier__Channel channel)
{
    if (channel == DOSSIER__CHANNEL__AT_DESK)
        return 1;
    return channel == DOSSIER__CHANNEL__BY_POST ? 3 : 2;
}

/* Where the member fetches a file, with its session: the gateway's door, when it is configured. */
static const char *door_url(const struct partner *partner, struct mc_txn *txn, const char *code,
                            const char *sha256)
{
    if (partner->door_url[0] == '\0')
        return "";
    const char *url = mc_sprintf(txn->arena, "%s/file?MaHoSo=%s&TepDinhKemId=%s", partner->door_url,
                                 code, sha256);
    return url != NULL ? url : "";
}

/* A list of files, and the names that two of their fields have in it. */
struct files {
    const char *list;
    const char *component;
    const char *url;
    Dossier__Attachment *const *files;
    size_t len;
};

static void put_files(const struct partner *partner, struct mc_txn *txn,
                      struct mc_json_writer *writer, const char *code, const struct files *files)
{
    mc_json_key(writer, files->list);
    mc_json_array(writer);
    for (size_t i = 0; i < files->len; i++) {
        const Dossier__Attachment *file = files->files[i];

        mc_json_object(writer);
        put(writer, "TepDinhKemId", file->sha256);
        put(writer, "TenTepDinhKem", file->file_name);
        put(writer, files->component, file->component);
        put(writer, files->url, door_url(partner, txn, code, file->sha256));
        put(writer, "DuocSoHoa", file->digitised == DOSSIER__DIGITISED__NOT_DIGITISED ? "0" : "1");
        mc_json_end(writer);
    }
    mc_json_end(writer);
}

char *partner_body_dossier(const struct partner *partner, struct mc_txn *txn,
                           const Dossier__DossierView *view)
{
    const Dossier__Applicant *applicant = view->applicant;
    const struct files papers = {"TaiLieuNop", "MaThanhPhanHoSo", "DuongDanTaiTepTin",
                                 view->attachments, view->n_attachments};
    const struct files results = {"DanhSachGiayToKetQua", "MaGiayToKetQua", "DuongDanTepTinKetQua",
                                  view->results, view->n_results};
    struct mc_json_writer writer;

    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    put(&writer, "MaHoSo", view->code);
    put(&writer, "MaTTHC", view->procedure_code);
    put(&writer, "TenTTHC", view->procedure_name);
    put(&writer, "TenLinhVuc", view->sector);
    put_code(txn, &writer, "KenhThucHien", channel_of(view->channel));
    put(&writer, "ChuHoSo", applicant != NULL ? applicant->full_name : view->owner_name);
    put(&writer, "SoGiayToChuHoSo", applicant != NULL ? applicant->id_number : "");
    put(&writer, "SoDienThoai", applicant != NULL ? applicant->phone : "");
    put(&writer, "TrichYeuHoSo", view->abstract);
    put_stamp(&writer, "NgayNopHoSo", view->sent_at_ms);
    put_stamp(&writer, "NgayTiepNhan", view->received_at_ms);
    put_stamp(&writer, "NgayHenTra", view->due_at_ms);
    put_code(txn, &writer, "TrangThaiHoSo", (unsigned)view->state);
    put_stamp(&writer, "NgayTra", view->returned_at_ms);
    put(&writer, "HinhThuc", view->return_way == DOSSIER__RETURN_WAY__RETURN_BY_POST ? "1" : "0");
    put_stamp(&writer, "NgayKetThucXuLy", view->finished_at_ms);
    put_stamp(&writer, "NgayTuChoi", view->refused_at_ms);
    put(&writer, "DonViXuLy", view->unit_name);
    put(&writer, "NoiNopHoSo", "1");
    put_files(partner, txn, &writer, view->code, &papers);
    put_files(partner, txn, &writer, view->code, &results);
    return finish(txn, &writer);
}

char *partner_body_progress(struct mc_txn *txn, const Dossier__Changed *changed, int64_t at_ms)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    put(&writer, "MaHoSo", changed->code);
    put(&writer, "NguoiXuLy", changed->unit_name);
    put_stamp(&writer, "ThoiDiemXuLy", at_ms);
    put(&writer, "PhongBanXuLy", changed->unit_name);
    put(&writer, "NoiDungXuLy", changed->reason);
    put_code(txn, &writer, "TrangThai", (unsigned)changed->to);
    put_stamp(&writer, "NgayBatDau", at_ms);
    put_stamp(&writer, "NgayKetThucTheoQuyDinh", changed->due_at_ms);
    return finish(txn, &writer);
}

/* Where the partner fetches the file, when the portal says where it is. */
static const char *file_url(const struct partner *partner, struct mc_txn *txn, const char *number)
{
    if (partner->file_base[0] == '\0' || number[0] == '\0')
        return "";
    const char *url = mc_sprintf(txn->arena, "%s/%s", partner->file_base, number);
    return url != NULL ? url : "";
}

char *partner_body_voucher(const struct partner *partner, struct mc_txn *txn,
                           const Payment__VoucherIssued *voucher)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    put(&writer, "MaHoSo", voucher->dossier_code);
    put(&writer, "MaSoThue", voucher->tax_code);
    put(&writer, "HoTenNguoiNopTien", voucher->payer_name);
    put(&writer, "SoCMTNguoiNopTien", voucher->payer_identity);
    put(&writer, "UrlFileChungTu",
        file_url(partner, txn, voucher->n_receipts > 0 ? voucher->receipts[0] : ""));
    mc_json_key(&writer, "ThongTinThanhToan");
    mc_json_object(&writer);
    put(&writer, "NoiDungThanhToan", voucher->content);
    put_stamp(&writer, "ThoiGianThanhToan", voucher->paid_at_ms);
    put(&writer, "MaThongBaoThue", voucher->notice);
    mc_json_key(&writer, "TrangThaiThanhToan");
    mc_json_int(&writer, 1);
    mc_json_key(&writer, "SoTien");
    mc_json_int(&writer, voucher->amount);
    mc_json_end(&writer);
    return finish(txn, &writer);
}

char *partner_body_receipt(const struct partner *partner, struct mc_txn *txn,
                           const Payment__ReceiptChanged *receipt, int64_t at_ms)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    put(&writer, "MaHoSo", receipt->dossier_code);
    put(&writer, "SoBienLai", receipt->number);
    put(&writer, "ThayTheChoBienLai", receipt->replaces);
    put_stamp(&writer, "NgayLap", at_ms);
    mc_json_key(&writer, "SoTien");
    mc_json_int(&writer, receipt->amount);
    put(&writer, "UrlFileBienLai", file_url(partner, txn, receipt->number));
    return finish(txn, &writer);
}
