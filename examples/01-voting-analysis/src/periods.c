/*
 * Participation over time: a proposal belongs to the quarter of its earliest ballot, a member is on
 * the roll from the first to the last quarter in which it took part.
 */
#include "voting.h"

int period_of(uint32_t date) {
  return ((int)(date / 10000) - YEAR_MIN) * 4 + ((int)(date / 100 % 100) - 1) / 3;
}

/* Rounded down; 0 of 0 is 0. */
uint32_t ppm(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : (uint32_t)(part * PPM / whole);
}

static bool voted(const struct member *member, int proposal) {
  const uint64_t bit = 1ull << (proposal % 64);
  const int word = proposal / 64;
  return (member->votes[YES][word] | member->votes[NO][word] | member->votes[ABSTAIN][word]) & bit;
}

void count_periods(struct votes *votes, struct period *periods) {
  static int roll[PERIODS]; /* how many are on the roll */
  for (int p = 0; p < votes->proposal_count; p++) {
    const struct proposal *proposal = &votes->proposals[p];
    struct period *period = &periods[period_of(proposal->first_date)];
    period->proposals++;
    for (int choice = 0; choice < CHOICES; choice++) period->ballots += proposal->counts[choice];
  }
  for (int m = 0; m < votes->member_count; m++) {
    struct member *member = &votes->members[m];
    static bool present[PERIODS];
    int first = PERIODS - 1, last = 0;
    for (int p = 0; p < votes->proposal_count; p++) {
      if (!voted(member, p)) continue;
      const int period = period_of(votes->proposals[p].first_date);
      present[period] = true;
      if (period < first) first = period;
      if (period > last) last = period;
    }
    for (int period = first; period <= last; period++) {
      roll[period]++;
      member->possible += periods[period].proposals;
      periods[period].voters += present[period];
      present[period] = false;
    }
  }
  for (int period = 0; period < PERIODS; period++)
    periods[period].possible = (uint64_t)roll[period] * periods[period].proposals;
}
