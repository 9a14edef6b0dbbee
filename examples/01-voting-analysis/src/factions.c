/*
 * Finds factions from the ballots alone.
 *
 * 1. Two members are allies if they made the same choice on at least `agreement_percent` of the
 *    proposals on which both voted, and those are at least MIN_COMMON.
 * 2. The member with most allies founds a faction and its allies leave the pool; again until
 *    nobody left has allies enough, or the most factions asked for are founded.
 * 3. A faction's line on a proposal is the majority of its yes and no. Each member moves to the
 *    faction whose line it follows most often, the lines are drawn again, until nobody moves.
 *
 * A member with fewer than `min_ballots`, or that follows no line in `agreement_percent` of its yes
 * and no, stays unaligned. Ties go to the member or faction that came first: no chance is involved.
 */
#include "voting.h"

#include <string.h>

enum { MIN_COMMON = 12, ROUNDS_MAX = 32, FOUNDERS_MIN = 4, FOUNDERS_SHARE = 50 };

struct line {
  uint64_t yes[WORDS], no[WORDS];
};

static uint32_t bits(uint64_t word) { return (uint32_t)__builtin_popcountll(word); }

static bool allies(const struct member *a, const struct member *b, int words, int percent) {
  uint32_t same = 0, common = 0;
  for (int w = 0; w < words; w++) {
    const uint64_t yes = a->votes[YES][w] & b->votes[YES][w];
    const uint64_t no = a->votes[NO][w] & b->votes[NO][w];
    const uint64_t abstain = a->votes[ABSTAIN][w] & b->votes[ABSTAIN][w];
    const uint64_t any_a = a->votes[YES][w] | a->votes[NO][w] | a->votes[ABSTAIN][w];
    const uint64_t any_b = b->votes[YES][w] | b->votes[NO][w] | b->votes[ABSTAIN][w];
    same += bits(yes | no | abstain);
    common += bits(any_a & any_b);
  }
  return common >= MIN_COMMON && same * 100 >= common * (uint32_t)percent;
}

/* Step 1 and 2. Answers how many factions were founded. */
static int found_factions(struct votes *votes, const struct options *options) {
  static uint8_t ally[MEMBERS_MAX][MEMBERS_MAX / 8];
  static int ally_counts[MEMBERS_MAX]; /* allies still in the pool */
  static bool pool[MEMBERS_MAX];
  const int n = votes->member_count;
  const int enough = n / FOUNDERS_SHARE > FOUNDERS_MIN ? n / FOUNDERS_SHARE : FOUNDERS_MIN;
  for (int a = 0; a < n; a++) {
    votes->members[a].faction = UNALIGNED;
    pool[a] = votes->members[a].ballots >= (uint32_t)options->min_ballots;
    for (int b = 0; b < a && pool[a]; b++) {
      if (!pool[b]) continue;
      if (!allies(&votes->members[a], &votes->members[b], votes->words, options->agreement_percent))
        continue;
      ally[a][b / 8] |= (uint8_t)(1 << b % 8);
      ally[b][a / 8] |= (uint8_t)(1 << a % 8);
      ally_counts[a]++;
      ally_counts[b]++;
    }
  }
  int count = 0;
  for (; count < options->factions; count++) {
    int founder = -1;
    for (int m = 0; m < n; m++)
      if (pool[m] && (founder < 0 || ally_counts[m] > ally_counts[founder])) founder = m;
    if (founder < 0 || ally_counts[founder] + 1 < enough) break;
    for (int m = 0; m < n; m++) {
      if (!pool[m] || (m != founder && !(ally[founder][m / 8] >> m % 8 & 1))) continue;
      pool[m] = false;
      votes->members[m].faction = count;
      for (int other = 0; other < n; other++)
        ally_counts[other] -= ally[m][other / 8] >> other % 8 & 1;
    }
  }
  return count;
}

static void draw_line(const struct votes *votes, int faction, struct line *line) {
  static int lead[PROPOSALS_MAX]; /* yes minus no */
  memset(lead, 0, sizeof lead);
  for (int m = 0; m < votes->member_count; m++) {
    const struct member *member = &votes->members[m];
    if (member->faction != faction) continue;
    for (int p = 0; p < votes->proposal_count; p++) {
      lead[p] += (int)(member->votes[YES][p / 64] >> (p % 64) & 1);
      lead[p] -= (int)(member->votes[NO][p / 64] >> (p % 64) & 1);
    }
  }
  memset(line, 0, sizeof *line);
  for (int p = 0; p < votes->proposal_count; p++) {
    if (lead[p] > 0) line->yes[p / 64] |= 1ull << (p % 64);
    if (lead[p] < 0) line->no[p / 64] |= 1ull << (p % 64);
  }
}

/* How often a member's yes and no follow the line, in ppm of those on which there is a line. */
static uint32_t follows(const struct member *member, const struct line *line, int words) {
  uint32_t same = 0, common = 0;
  for (int w = 0; w < words; w++) {
    const uint64_t yes = member->votes[YES][w], no = member->votes[NO][w];
    same += bits(yes & line->yes[w]) + bits(no & line->no[w]);
    common += bits((yes | no) & (line->yes[w] | line->no[w]));
  }
  return common < MIN_COMMON ? 0 : ppm(same, common);
}

/* Step 3. Answers how many rounds it took. */
static int settle_factions(struct votes *votes, const struct options *options, int count,
                           struct line *lines) {
  int rounds = 0;
  for (bool moved = true; moved && rounds < ROUNDS_MAX; rounds++) {
    moved = false;
    for (int f = 0; f < count; f++) draw_line(votes, f, &lines[f]);
    for (int m = 0; m < votes->member_count; m++) {
      struct member *member = &votes->members[m];
      if (member->ballots < (uint32_t)options->min_ballots) continue;
      int best = UNALIGNED;
      uint32_t best_ppm = 0;
      for (int f = 0; f < count; f++) {
        const uint32_t share = follows(member, &lines[f], votes->words);
        if (share > best_ppm) best = f, best_ppm = share;
      }
      if (best_ppm < (uint32_t)options->agreement_percent * (PPM / 100)) best = UNALIGNED;
      moved |= best != member->faction;
      member->faction = best;
    }
  }
  return rounds;
}

/* Gives the largest faction the first letter, and drops those that ended empty. */
static void order_factions(struct votes *votes, struct factions *found, struct line *lines) {
  int sizes[FACTIONS_MAX] = {0}, rank[FACTIONS_MAX];
  static struct line ordered[FACTIONS_MAX];
  int kept = 0;
  for (int m = 0; m < votes->member_count; m++)
    if (votes->members[m].faction != UNALIGNED) sizes[votes->members[m].faction]++;
  for (int f = 0; f < found->count; f++) {
    rank[f] = 0;
    for (int g = 0; g < found->count; g++)
      rank[f] += sizes[g] > sizes[f] || (sizes[g] == sizes[f] && g < f);
    ordered[rank[f]] = lines[f];
    kept += sizes[f] > 0;
  }
  memcpy(lines, ordered, sizeof ordered);
  found->count = kept;
  for (int m = 0; m < votes->member_count; m++)
    if (votes->members[m].faction != UNALIGNED)
      votes->members[m].faction = rank[votes->members[m].faction];
}

/* Share of all pairs of ballots on one proposal, one from each side, that made the same choice;
 * inside a faction each pair of members counts once. */
static void measure_agreement(const struct votes *votes, struct factions *found) {
  static uint64_t same[FACTIONS_MAX][FACTIONS_MAX], pairs[FACTIONS_MAX][FACTIONS_MAX];
  for (int p = 0; p < votes->proposal_count; p++) {
    uint64_t counts[FACTIONS_MAX][CHOICES] = {{0}};
    for (int m = 0; m < votes->member_count; m++) {
      const struct member *member = &votes->members[m];
      if (member->faction == UNALIGNED) continue;
      for (int choice = 0; choice < CHOICES; choice++)
        counts[member->faction][choice] += member->votes[choice][p / 64] >> (p % 64) & 1;
    }
    for (int f = 0; f < found->count; f++)
      for (int g = f; g < found->count; g++) {
        uint64_t total_f = 0, total_g = 0;
        for (int choice = 0; choice < CHOICES; choice++) {
          const uint64_t in_f = counts[f][choice], in_g = counts[g][choice];
          same[f][g] += f == g ? in_f * (in_f - 1) / 2 : in_f * in_g;
          total_f += in_f;
          total_g += in_g;
        }
        pairs[f][g] += f == g ? total_f * (total_f - 1) / 2 : total_f * total_g;
      }
  }
  for (int f = 0; f < found->count; f++)
    for (int g = f; g < found->count; g++)
      found->agreement_ppm[f][g] = found->agreement_ppm[g][f] =
          pairs[f][g] == 0 ? NO_PAIRS : ppm(same[f][g], pairs[f][g]);
}

void find_factions(struct votes *votes, const struct options *options, struct factions *found) {
  static struct line lines[FACTIONS_MAX];
  uint32_t best[FACTIONS_MAX] = {0};
  found->count = found_factions(votes, options);
  found->rounds = settle_factions(votes, options, found->count, lines);
  order_factions(votes, found, lines);
  for (int m = 0; m < votes->member_count; m++) {
    const struct member *member = &votes->members[m];
    if (member->faction == UNALIGNED) {
      found->unaligned++;
      continue;
    }
    struct faction *faction = &found->list[member->faction];
    const uint32_t share = follows(member, &lines[member->faction], votes->words);
    if (faction->size == 0 || share > best[member->faction]) {
      best[member->faction] = share;
      faction->typical = m;
    }
    faction->size++;
    faction->ballots += member->ballots;
    faction->possible += member->possible;
  }
  measure_agreement(votes, found);
}
