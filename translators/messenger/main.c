/* The Messenger translator: its map in the common process. Never does more than that. */
#include "messenger/messenger.h"
#include "skeleton/skeleton.h"

int main(int argc, char **argv)
{
    return translator_main(argc, argv, &messenger_ops);
}
