/*
 * The register of an analysis: who voted on what, and how.
 *
 * All memory is static and bounded, so no file can exhaust it; votes are bit sets, one bit a
 * proposal, so that comparing two members costs a few AND and POPCOUNT instructions. Shares are in
 * ppm (parts per million) and only whole numbers are used: the same ballots give the same bytes.
 */
#ifndef VOTING_H
#define VOTING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
  MEMBERS_MAX = 4096,
  PROPOSALS_MAX = 2048,
  WORDS = PROPOSALS_MAX / 64,
  NAME_MAX_BYTES = 32,
  FACTIONS_MAX = 16,
  YEAR_MIN = 1970,
  YEAR_MAX = 2199,
  PERIODS = (YEAR_MAX - YEAR_MIN + 1) * 4, /* quarters since 1970-Q1 */
  PPM = 1000000,
};

enum choice { YES, NO, ABSTAIN, CHOICES };

/* Why a line was not counted. */
enum fault { TOO_LONG, TOO_FEW_FIELDS, BAD_DATE, BAD_NAME, BAD_CHOICE, DUPLICATE, FAULTS };

struct member {
  char name[NAME_MAX_BYTES + 1];
  uint64_t votes[CHOICES][WORDS];
  uint32_t ballots;
  uint32_t possible; /* proposals put while it was on the roll */
  int faction;       /* index, or UNALIGNED */
};

struct proposal {
  char name[NAME_MAX_BYTES + 1];
  uint32_t first_date; /* yyyymmdd of its earliest ballot */
  uint32_t counts[CHOICES];
};

/* Names found by hash, open addressing; a slot holds index + 1. */
struct names {
  uint16_t slots[2 * MEMBERS_MAX];
};

struct votes {
  struct member members[MEMBERS_MAX];
  struct proposal proposals[PROPOSALS_MAX];
  struct names member_names, proposal_names;
  int member_count, proposal_count, words; /* words in use of each bit set */
  uint64_t counts[CHOICES];
  uint64_t ballots, lines;
  uint64_t faults[FAULTS];
  uint32_t first_date, last_date;
};

/* What the votes of one quarter come to. "On the roll" = between a member's first and last quarter
 * of voting, both included. */
struct period {
  uint32_t proposals, voters;
  uint64_t ballots, possible; /* possible = a ballot of each member on the roll, each proposal */
};

struct options {
  int factions;          /* at most so many */
  int min_ballots;       /* fewer: the member is not placed */
  int agreement_percent; /* two members that agree so often are allies */
};

enum { UNALIGNED = -1 };

struct faction {
  int size;
  int typical; /* the member that follows the faction's line most often */
  uint64_t ballots, possible;
};

struct factions {
  int count, unaligned, rounds;
  struct faction list[FACTIONS_MAX];
  uint32_t agreement_ppm[FACTIONS_MAX][FACTIONS_MAX]; /* NO_PAIRS where nothing compares */
};

#define NO_PAIRS UINT32_MAX

/* ballots.c: reads the CSV. False: refused, and `*why` says why. */
bool read_votes(FILE *file, struct votes *votes, const char **why);

/* periods.c: fills PERIODS entries, and `possible` of each member. */
void count_periods(struct votes *votes, struct period *periods);
int period_of(uint32_t date);
uint32_t ppm(uint64_t part, uint64_t whole);

/* factions.c: places every member, then measures agreement. */
void find_factions(struct votes *votes, const struct options *options, struct factions *found);

/* summary.c and report.c: false if the file could not be written. */
bool write_summary(const char *path, const struct votes *votes, const struct period *periods,
                   const struct factions *factions, const struct options *options);
bool write_report(const char *path, const struct votes *votes, const struct period *periods,
                  const struct factions *factions, const struct options *options);

static inline bool passed(const struct proposal *p) { return p->counts[YES] > p->counts[NO]; }

#endif
