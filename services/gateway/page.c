/* The page at /: what this address is, for a person who lands on it. */
#include "gateway.h"

extern const char mc_data_gateway_page[];
extern const size_t mc_data_gateway_page_len;

void gateway_page(struct gateway_exchange *exchange)
{
    gateway_answer(exchange, &(struct gateway_answer){
                                 .http = 200,
                                 .content_type = "text/html; charset=utf-8",
                                 .body = {mc_data_gateway_page, mc_data_gateway_page_len},
                             });
}
