/* Any bytes as an SMSC's stream: heads, answers, receipts; and as a text to be cut into parts. */
#include <stdlib.h>
#include <string.h>

#include "../../services/smsworker/smpp_receipt.h"
#include "../../services/smsworker/smpp_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of its own: reading past its end is seen. */
static void read_pdu(const struct smpp_head *head, const uint8_t *at)
{
    uint8_t *own = malloc(head->len);
    struct mc_bytes pdu = {own, head->len};
    struct smpp_deliver deliver;
    struct smpp_receipt receipt;
    char id[SMPP_ID_SIZE];

    assert(own != NULL);
    memcpy(own, at, head->len);
    if (smpp_submitted_unpack(pdu, id))
        assert(id[0] != '\0' && strlen(id) < SMPP_ID_SIZE);
    if (smpp_deliver_unpack(pdu, &deliver) && smpp_receipt_read(&deliver, &receipt)) {
        assert(strlen(receipt.reason) < SMPP_REASON_SIZE);
        smpp_id_plain(id, receipt.text_id, 10);
        smpp_id_plain(id, receipt.tlv_id, 16);
    }
    free(own);
}

static void read_stream(const uint8_t *data, size_t size)
{
    struct smpp_head head;

    while (smpp_head_read((struct mc_bytes){data, size}, &head) == MC_OK && head.len <= size) {
        read_pdu(&head, data);
        data += head.len;
        size -= head.len;
    }
}

/* As one PDU whatever its length field says: the decoder is reached by every input. */
static void read_body(const uint8_t *data, size_t size)
{
    uint8_t pdu[SMPP_PDU_MAX] = {0};
    struct smpp_head head;

    size = MC_MIN(size, sizeof pdu - SMPP_HEAD_LEN);
    memcpy(pdu + SMPP_HEAD_LEN, data, size);
    pdu[2] = (uint8_t)((size + SMPP_HEAD_LEN) >> 8);
    pdu[3] = (uint8_t)(size + SMPP_HEAD_LEN);
    for (int answer = 0; answer < 2; answer++) {
        pdu[4] = answer == 1 ? 0x80 : 0;
        pdu[7] = answer == 1 ? SMPP_SUBMIT : SMPP_DELIVER;
        assert(smpp_head_read((struct mc_bytes){pdu, sizeof pdu}, &head) == MC_OK);
        read_pdu(&head, pdu);
    }
}

static void cut(const uint8_t *data, size_t size)
{
    static struct smpp_text text;
    char *own = calloc(1, size + 1);

    assert(own != NULL);
    memcpy(own, data, size);
    for (int ucs2 = 0; ucs2 < 2; ucs2++)
        if (smpp_text_make(&text, own, ucs2 == 1, 7) == MC_OK)
            for (unsigned i = 0; i < text.len; i++)
                assert(text.parts[i].len <= SMPP_PART_MAX);
    free(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_stream(data, size);
    if (size > 0) {
        read_body(data, size);
        cut(data, size);
    }
    return 0;
}
