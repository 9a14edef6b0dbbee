/*
 * The result for programs: summary.json, described field by field in README.md.
 */
#include "voting.h"

#include <inttypes.h>

static const char *const FAULT_NAMES[FAULTS] = {"too_long", "too_few_fields", "bad_date",
                                                "bad_name", "bad_choice",     "duplicate"};

static void write_date(FILE *out, const char *key, uint32_t date) {
  fprintf(out, "  \"%s\": \"%04" PRIu32 "-%02" PRIu32 "-%02" PRIu32 "\",\n", key, date / 10000,
          date / 100 % 100, date % 100);
}

static void write_counts(FILE *out, const struct votes *votes) {
  uint64_t faulty = 0;
  uint32_t passed_count = 0;
  for (int i = 0; i < FAULTS; i++) faulty += votes->faults[i];
  for (int p = 0; p < votes->proposal_count; p++) passed_count += passed(&votes->proposals[p]);
  fprintf(out, "  \"ballots\": %" PRIu64 ",\n", votes->ballots);
  fprintf(out, "  \"lines\": { \"read\": %" PRIu64 ", \"skipped\": %" PRIu64, votes->lines, faulty);
  for (int i = 0; i < FAULTS; i++)
    fprintf(out, ", \"%s\": %" PRIu64, FAULT_NAMES[i], votes->faults[i]);
  fprintf(out, " },\n  \"members\": %d,\n", votes->member_count);
  fprintf(out, "  \"proposals\": %d,\n", votes->proposal_count);
  fprintf(out, "  \"passed\": %" PRIu32 ",\n", passed_count);
  fprintf(out, "  \"rejected\": %" PRIu32 ",\n", (uint32_t)votes->proposal_count - passed_count);
  fprintf(out, "  \"choices\": { \"yes\": %" PRIu64 ", \"no\": %" PRIu64 ", \"abstain\": %" PRIu64,
          votes->counts[YES], votes->counts[NO], votes->counts[ABSTAIN]);
  fprintf(out, " },\n");
}

static void write_periods(FILE *out, const struct period *periods) {
  uint64_t ballots = 0, possible = 0;
  const char *separator = "";
  for (int i = 0; i < PERIODS; i++) {
    ballots += periods[i].ballots;
    possible += periods[i].possible;
  }
  fprintf(out, "  \"possible_ballots\": %" PRIu64 ",\n", possible);
  fprintf(out, "  \"turnout_ppm\": %" PRIu32 ",\n  \"periods\": [", ppm(ballots, possible));
  for (int i = 0; i < PERIODS; i++) {
    const struct period *period = &periods[i];
    if (period->proposals == 0) continue;
    fprintf(out, "%s\n    { \"period\": \"%d-Q%d\", \"proposals\": %" PRIu32, separator,
            YEAR_MIN + i / 4, i % 4 + 1, period->proposals);
    fprintf(out, ", \"on_roll\": %" PRIu64 ", \"voters\": %" PRIu32,
            period->possible / period->proposals, period->voters);
    fprintf(out, ", \"ballots\": %" PRIu64 ", \"turnout_ppm\": %" PRIu32 " }", period->ballots,
            ppm(period->ballots, period->possible));
    separator = ",";
  }
  fprintf(out, "\n  ],\n");
}

static void write_factions(FILE *out, const struct votes *votes, const struct factions *factions) {
  fprintf(out, "  \"factions\": [");
  for (int f = 0; f < factions->count; f++) {
    const struct faction *faction = &factions->list[f];
    fprintf(out, "%s\n    {\n      \"name\": \"%c\",\n      \"size\": %d,\n", f > 0 ? "," : "",
            'A' + f, faction->size);
    fprintf(out, "      \"turnout_ppm\": %" PRIu32 ",\n", ppm(faction->ballots, faction->possible));
    fprintf(out, "      \"typical_member\": \"%s\",\n      \"members\": [",
            votes->members[faction->typical].name);
    const char *separator = "";
    for (int m = 0; m < votes->member_count; m++) {
      if (votes->members[m].faction != f) continue;
      fprintf(out, "%s\"%s\"", separator, votes->members[m].name);
      separator = ", ";
    }
    fprintf(out, "]\n    }");
  }
  fprintf(out, "%s],\n  \"unaligned\": %d,\n", factions->count > 0 ? "\n  " : "",
          factions->unaligned);
  fprintf(out, "  \"agreement_ppm\": [");
  for (int f = 0; f < factions->count; f++) {
    fprintf(out, "%s\n    [", f > 0 ? "," : "");
    for (int g = 0; g < factions->count; g++) {
      const uint32_t share = factions->agreement_ppm[f][g];
      if (share == NO_PAIRS) fprintf(out, "%snull", g > 0 ? ", " : "");
      else fprintf(out, "%s%" PRIu32, g > 0 ? ", " : "", share);
    }
    fprintf(out, "]");
  }
  fprintf(out, "%s],\n", factions->count > 0 ? "\n  " : "");
}

bool write_summary(const char *path, const struct votes *votes, const struct period *periods,
                   const struct factions *factions, const struct options *options) {
  FILE *out = fopen(path, "w");
  if (out == NULL) return false;
  fprintf(out, "{\n");
  write_counts(out, votes);
  write_date(out, "first_date", votes->first_date);
  write_date(out, "last_date", votes->last_date);
  write_periods(out, periods);
  write_factions(out, votes, factions);
  fprintf(out, "  \"options\": { \"factions\": %d, \"min_ballots\": %d, \"agreement\": %d }\n}\n",
          options->factions, options->min_ballots, options->agreement_percent);
  const bool written = !ferror(out);
  return fclose(out) == 0 && written;
}
