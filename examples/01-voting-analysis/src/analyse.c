/*
 * "Analyze cooperative voting patterns": reads /in/ballots.csv, writes /out/summary.json and
 * /out/report.txt, and prints a few lines of it.
 *
 * Exit codes: 0 done; 1 a result could not be written; 2 wrong usage, or ballots that are absent or
 * not a table of ballots.
 */
#include "voting.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char USAGE[] =
    "usage: voting-analysis [--factions 1..16] [--min-ballots 1..2048] [--agreement 51..100]\n"
    "Reads /in/ballots.csv; its header names the columns\n"
    "date (yyyy-mm-dd), proposal_id, member, choice (yes, no or abstain).\n";

/* Digits only; false if there is none or the number is outside low..high. */
static bool parse_number(const char *text, int low, int high, int *number) {
  int value = 0;
  if (*text == '\0') return false;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return false;
    value = value * 10 + (*text - '0');
    if (value > high) return false;
  }
  *number = value;
  return value >= low;
}

static bool parse_options(int argc, char **argv, struct options *options) {
  for (int i = 1; i < argc; i += 2) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    bool known = false;
    if (strcmp(argv[i], "--factions") == 0)
      known = parse_number(value, 1, FACTIONS_MAX, &options->factions);
    else if (strcmp(argv[i], "--min-ballots") == 0)
      known = parse_number(value, 1, PROPOSALS_MAX, &options->min_ballots);
    else if (strcmp(argv[i], "--agreement") == 0)
      known = parse_number(value, 51, 100, &options->agreement_percent);
    if (!known) {
      fprintf(stderr, "voting-analysis: cannot use '%s %s'\n%s", argv[i], value, USAGE);
      return false;
    }
  }
  return true;
}

static void print_summary(const struct votes *votes, const struct period *periods,
                          const struct factions *factions) {
  uint64_t ballots = 0, possible = 0;
  for (int i = 0; i < PERIODS; i++) ballots += periods[i].ballots, possible += periods[i].possible;
  printf("%" PRIu64 " ballots of %d members on %d proposals, turnout %" PRIu32 "%%\n",
         votes->ballots, votes->member_count, votes->proposal_count,
         ppm(ballots, possible) / (PPM / 100));
  printf("%d factions:", factions->count);
  for (int f = 0; f < factions->count; f++)
    printf("%s %c of %d", f > 0 ? "," : "", 'A' + f, factions->list[f].size);
  printf("; %d unaligned\n", factions->unaligned);
}

int main(int argc, char **argv) {
  static struct votes votes;
  static struct period periods[PERIODS];
  static struct factions factions;
  static char buffer[64 * 1024];
  struct options options = {.factions = 8, .min_ballots = 20, .agreement_percent = 70};
  if (!parse_options(argc, argv, &options)) return 2;

  FILE *file = fopen("/in/ballots.csv", "rb");
  if (file == NULL) {
    fprintf(stderr, "voting-analysis: /in/ballots.csv: %s\n", strerror(errno));
    return 2;
  }
  setvbuf(file, buffer, _IOFBF, sizeof buffer);
  const char *why = NULL;
  if (!read_votes(file, &votes, &why)) {
    fprintf(stderr, "voting-analysis: /in/ballots.csv is refused: %s\n", why);
    return 2;
  }
  fclose(file);
  fprintf(stderr, "read %" PRIu64 " lines, counted %" PRIu64 " ballots\n", votes.lines,
          votes.ballots);
  count_periods(&votes, periods);
  find_factions(&votes, &options, &factions);
  fprintf(stderr, "found %d factions in %d rounds\n", factions.count, factions.rounds);
  if (!write_summary("/out/summary.json", &votes, periods, &factions, &options) ||
      !write_report("/out/report.txt", &votes, periods, &factions, &options)) {
    fprintf(stderr, "voting-analysis: cannot write to /out: %s\n", strerror(errno));
    return 1;
  }
  print_summary(&votes, periods, &factions);
  return 0;
}
