/* The echo translator: its map in the common process. Never does more than that. */
#include "echo/echo.h"
#include "skeleton/skeleton.h"

int main(int argc, char **argv)
{
    return translator_main(argc, argv, &echo_ops);
}
