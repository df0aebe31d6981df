/* The part of publishing that time starts. */
#ifndef TREFOIL_CORE_PUBLISH_H
#define TREFOIL_CORE_PUBLISH_H

struct broker;

/* Echoes and receipts whose send has an answer now, or that have waited too long, get their verdict. */
void publish_held(struct broker *broker);

#endif
