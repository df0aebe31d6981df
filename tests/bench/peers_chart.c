/* The figures as a picture: a bar per side, its median written beside it, low and high as a line. Never computes one. */
#include "peers.h"

#include <stdio.h>

enum { WIDTH = 900, LEFT = 150, BAR = 26, ROW = 54, TOP = 56, FULL = 540 };

void peers_chart(const char *path, const struct figure *figures, size_t n_figures, unsigned subscribers)
{
    FILE *file = fopen(path, "w");
    double most = 1;

    if (!file)
        give_up(path);
    for (size_t i = 0; i < n_figures; i++)
        most = figures[i].high > most ? figures[i].high : most;
    fprintf(
        file,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" font-family=\"sans-serif\" "
        "font-size=\"14\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
        "<text x=\"20\" y=\"30\" font-size=\"17\">Deliveries per second, %u durable subscriber%s, 512 bytes, confirms "
        "and acknowledgements</text>\n",
        WIDTH, TOP + n_figures * ROW + 20, subscribers, subscribers == 1 ? "" : "s");
    for (size_t i = 0; i < n_figures; i++) {
        const struct figure *figure = &figures[i];
        double y = TOP + (double) i * ROW, width = figure->median / most * FULL;

        fprintf(file, "<text x=\"%d\" y=\"%.0f\" text-anchor=\"end\">%s</text>\n", LEFT - 10, y + 18, figure->name);
        fprintf(file, "<rect x=\"%d\" y=\"%.0f\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", LEFT, y, width, BAR,
                i == 0 ? "#2f7d4f" : "#9aa7b1");
        fprintf(file, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.0f\" y2=\"%.0f\" stroke=\"#222\"/>\n",
                LEFT + figure->low / most * FULL, LEFT + figure->high / most * FULL, y + BAR / 2.0, y + BAR / 2.0);
        fprintf(file, "<text x=\"%.1f\" y=\"%.0f\">%.0f</text>\n", LEFT + figure->high / most * FULL + 8, y + 18,
                figure->median);
        fprintf(file, "<text x=\"%d\" y=\"%.0f\" font-size=\"11\" fill=\"#555\">%s; %s</text>\n", LEFT, y + BAR + 14,
                figure->durability, figure->encryption);
    }
    fprintf(file, "</svg>\n");
    if (fclose(file) != 0)
        give_up(path);
}
