/* The Instagram translator: its map in the common process. Never does more than that. */
#include "instagram/instagram.h"
#include "skeleton/skeleton.h"

int main(int argc, char **argv)
{
    return translator_main(argc, argv, &instagram_ops);
}
