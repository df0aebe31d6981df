/* The echo network as the skeleton sees it. Never computes anything. */
#include "echo.h"

const struct translator_ops echo_ops = {
    .name = "echo",
    .decode = echo_decode,
    .encode = echo_encode,
    .judge = echo_judge,
    .limits = { .account_per_s = 100 },
};
