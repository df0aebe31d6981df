/* The WhatsApp translator: its map in the common process. Never does more than that. */
#include "skeleton/skeleton.h"
#include "whatsapp/whatsapp.h"

int main(int argc, char **argv)
{
    return translator_main(argc, argv, &whatsapp_ops);
}
