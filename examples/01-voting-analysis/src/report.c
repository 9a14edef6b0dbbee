/*
 * The result for people: report.txt, at most 100 columns wide.
 */
#include "voting.h"

#include <inttypes.h>

enum { BAR_COLUMNS = 50, CLOSEST = 5 };

/* Prints ppm as percent with one decimal, right-aligned in six columns. */
static void print_percent(FILE *out, uint32_t share) {
  const uint32_t permille = (share + 500) / 1000;
  fprintf(out, "%4" PRIu32 ".%" PRIu32 "%%", permille / 10, permille % 10);
}

static void print_overview(FILE *out, const struct votes *votes, const struct period *periods) {
  uint64_t ballots = 0, possible = 0, faulty = 0;
  int passed_count = 0;
  for (int i = 0; i < PERIODS; i++) ballots += periods[i].ballots, possible += periods[i].possible;
  for (int i = 0; i < FAULTS; i++) faulty += votes->faults[i];
  for (int p = 0; p < votes->proposal_count; p++) passed_count += passed(&votes->proposals[p]);
  fprintf(out, "COOPERATIVE VOTING PATTERNS\n\n");
  fprintf(out, "Ballots      %" PRIu64 " (%" PRIu64 " lines skipped)\n", votes->ballots, faulty);
  fprintf(out, "Members      %d\n", votes->member_count);
  fprintf(out, "Proposals    %d: %d passed, %d rejected\n", votes->proposal_count, passed_count,
          votes->proposal_count - passed_count);
  fprintf(out, "Choices      ");
  static const char *const NAMES[CHOICES] = {"yes", "no", "abstain"};
  for (int choice = 0; choice < CHOICES; choice++) {
    fprintf(out, "%s%s ", choice > 0 ? ", " : "", NAMES[choice]);
    print_percent(out, ppm(votes->counts[choice], votes->ballots));
  }
  fprintf(out, "\nTurnout      ");
  print_percent(out, ppm(ballots, possible));
  fprintf(out, " of the ballots that members on the roll could have cast\n");
}

static void print_periods(FILE *out, const struct period *periods) {
  fprintf(out, "\nPARTICIPATION OVER TIME\n\n");
  fprintf(out, "Quarter  Proposals  On roll  Voted   Turnout\n");
  for (int i = 0; i < PERIODS; i++) {
    const struct period *period = &periods[i];
    if (period->proposals == 0) continue;
    const uint32_t turnout = ppm(period->ballots, period->possible);
    fprintf(out, "%d-Q%d  %9" PRIu32 "  %7" PRIu64 "  %5" PRIu32 "   ", YEAR_MIN + i / 4, i % 4 + 1,
            period->proposals, period->possible / period->proposals, period->voters);
    print_percent(out, turnout);
    fprintf(out, "  ");
    for (uint32_t column = 0; column < turnout / (PPM / BAR_COLUMNS); column++) fputc('#', out);
    fputc('\n', out);
  }
}

static void print_factions(FILE *out, const struct votes *votes, const struct factions *factions,
                           const struct options *options) {
  fprintf(out, "\nFACTIONS\n\n");
  fprintf(out, "Found by agreement of at least %d%%, after %d rounds; ", options->agreement_percent,
          factions->rounds);
  fprintf(out, "%d of %d members unaligned.\n\n", factions->unaligned, votes->member_count);
  if (factions->count == 0) {
    fprintf(out, "No group of members agrees that often.\n");
    return;
  }
  fprintf(out, "Faction  Members   Share  Turnout  Typical member\n");
  for (int f = 0; f < factions->count; f++) {
    const struct faction *faction = &factions->list[f];
    fprintf(out, "%-7c  %7d  ", 'A' + f, faction->size);
    print_percent(out, ppm((uint64_t)faction->size, (uint64_t)votes->member_count));
    fprintf(out, "   ");
    print_percent(out, ppm(faction->ballots, faction->possible));
    fprintf(out, "  %s\n", votes->members[faction->typical].name);
  }
  fprintf(out, "\nAGREEMENT: two members of these factions, one proposal, the same choice\n\n ");
  for (int f = 0; f < factions->count; f++) fprintf(out, "%6c", 'A' + f);
  for (int f = 0; f < factions->count; f++) {
    fprintf(out, "\n%c", 'A' + f);
    for (int g = 0; g < factions->count; g++)
      if (factions->agreement_ppm[f][g] == NO_PAIRS) fprintf(out, "     -");
      else print_percent(out, factions->agreement_ppm[f][g]);
  }
  fputc('\n', out);
}

static uint32_t lead(const struct proposal *p) {
  return passed(p) ? p->counts[YES] - p->counts[NO] : p->counts[NO] - p->counts[YES];
}

/* The proposals that fewest ballots decided; the first seen first where the lead is equal. */
static void print_closest(FILE *out, const struct votes *votes) {
  static bool printed[PROPOSALS_MAX];
  fprintf(out, "\nCLOSEST VOTES\n\n");
  fprintf(out, "%-*s      Yes       No  Abstained  Outcome\n", NAME_MAX_BYTES, "Proposal");
  for (int row = 0; row < CLOSEST && row < votes->proposal_count; row++) {
    int closest = -1;
    for (int p = 0; p < votes->proposal_count; p++)
      if (!printed[p] &&
          (closest < 0 || lead(&votes->proposals[p]) < lead(&votes->proposals[closest])))
        closest = p;
    const struct proposal *proposal = &votes->proposals[closest];
    printed[closest] = true;
    fprintf(out, "%-*s  %7" PRIu32 "  %7" PRIu32 "  %9" PRIu32 "  %s\n", NAME_MAX_BYTES,
            proposal->name, proposal->counts[YES], proposal->counts[NO], proposal->counts[ABSTAIN],
            passed(proposal) ? "passed" : "rejected");
  }
}

bool write_report(const char *path, const struct votes *votes, const struct period *periods,
                  const struct factions *factions, const struct options *options) {
  FILE *out = fopen(path, "w");
  if (out == NULL) return false;
  print_overview(out, votes, periods);
  print_periods(out, periods);
  print_factions(out, votes, factions, options);
  print_closest(out, votes);
  const bool written = !ferror(out);
  return fclose(out) == 0 && written;
}
