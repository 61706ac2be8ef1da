/*
 * certificate: what an integration certificate's QR code says, and whether our partner room signed
 * it (C13).
 */
#include "common/date.h"

#include "verify.h"

static void line_id(const char *label, ProtobufCBinaryData id)
{
    char hex[2 * MC_ID_LEN + 1];

    if (id.len != MC_ID_LEN)
        return;
    (void)mc_hex(hex, (struct mc_bytes){id.data, id.len});
    verify_line(label, hex);
}

static void tell(const ProtobufCMessage *opened)
{
    const Partner__CertificateProof *certificate = (const void *)opened;
    char at[MC_DATETIME_SIZE];

    mc_time_format(at, sizeof at, certificate->issued_at_s * 1000);
    printf("Chứng nhận tích hợp do hệ thống cấp, không bị sửa đổi.\n");
    verify_line("Số", certificate->number);
    verify_line("Đơn vị", certificate->unit);
    verify_line("DSTCode", certificate->dstcode);
    verify_line("Hệ thống", certificate->partner_id);
    verify_line("Loại API", certificate->api_type);
    verify_line("Môi trường", certificate->production ? "chính thức" : "kiểm thử");
    line_id("Giao dịch", certificate->order_id);
    line_id("Chứng từ đã gửi", certificate->delivery_id);
    for (size_t i = 0; i < certificate->n_contract_ids; i++)
        line_id("Kiểm thử đạt", certificate->contract_ids[i]);
    verify_line("Thời điểm cấp", at);
}

const struct verify_code verify_certificate_code = {
    .kind = "MCTH1",
    .type = &partner__certificate_proof__descriptor,
    .tell = tell,
};

int verify_certificate(struct verify *verify, int argc, char **argv)
{
    return verify_code(verify, argc, argv, &verify_certificate_code);
}
