/*
 * Reads ballots from CSV, one pass, line by line. A line that cannot be counted is counted by its
 * fault and skipped; what makes the whole file meaningless is refused.
 *
 * Columns are found by the header's names, in any order, further columns ignored. A field may stand
 * in double quotes, but none of the four needs a comma or a quote inside.
 */
#include "voting.h"

#include <string.h>

enum { LINE_BYTES_MAX = 512, FIELDS_MAX = 32 };
enum column { DATE, PROPOSAL, MEMBER, CHOICE, COLUMNS };

_Static_assert(PROPOSALS_MAX == 2048 && MEMBERS_MAX == 4096, "the refusals below say so");

static const char *const COLUMN_NAMES[COLUMNS] = {"date", "proposal_id", "member", "choice"};
static const char *const CHOICE_NAMES[CHOICES] = {"yes", "no", "abstain"};

struct field {
  const char *start;
  size_t length;
};

enum line { LINE, LINE_TOO_LONG, LINE_END };

/* Reads up to the next '\n' without it and without a '\r' before it. A longer line than fits is
 * read to its end and reported as such. */
static enum line read_line(FILE *file, char *line, size_t *length) {
  size_t n = 0;
  bool too_long = false;
  int c;
  while ((c = getc_unlocked(file)) != EOF && c != '\n') {
    if (n < LINE_BYTES_MAX)
      line[n++] = (char)c;
    else
      too_long = true;
  }
  if (c == EOF && n == 0) return LINE_END;
  if (too_long) return LINE_TOO_LONG;
  if (n > 0 && line[n - 1] == '\r') n--;
  *length = n;
  return LINE;
}

/* Cuts the line at its commas; answers how many fields, at most FIELDS_MAX. */
static int split(const char *line, size_t length, struct field *fields) {
  int count = 0;
  size_t start = 0;
  for (size_t i = 0; i <= length && count < FIELDS_MAX; i++) {
    if (i < length && line[i] != ',') continue;
    struct field field = {line + start, i - start};
    if (field.length >= 2 && field.start[0] == '"' && field.start[field.length - 1] == '"') {
      field.start++;
      field.length -= 2;
    }
    fields[count++] = field;
    start = i + 1;
  }
  return count;
}

static bool is(struct field field, const char *text) {
  return field.length == strlen(text) && memcmp(field.start, text, field.length) == 0;
}

/* yyyy-mm-dd to yyyymmdd, 0 if it is no such day. */
static uint32_t parse_date(struct field field) {
  static const uint8_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (field.length != 10 || field.start[4] != '-' || field.start[7] != '-') return 0;
  uint32_t digits = 0;
  for (int i = 0; i < 10; i++) {
    if (i == 4 || i == 7) continue;
    const char c = field.start[i];
    if (c < '0' || c > '9') return 0;
    digits = digits * 10 + (uint32_t)(c - '0');
  }
  const uint32_t year = digits / 10000, month = digits / 100 % 100, day = digits % 100;
  if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1) return 0;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= DAYS[month - 1] + (uint32_t)(leap && month == 2) ? digits : 0;
}

/* A name is 1 to 32 of A-Z a-z 0-9 . _ - so that reports never need to escape it. */
static bool is_name(struct field field) {
  if (field.length < 1 || field.length > NAME_MAX_BYTES) return false;
  for (size_t i = 0; i < field.length; i++) {
    const char c = field.start[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-') return false;
  }
  return true;
}

/* Finds a name among `count` structs of `stride` bytes that begin with it; else takes the free slot
 * for the next index and answers `count`. */
static int find_name(struct names *names, const void *list, size_t stride, int count,
                     struct field name) {
  const uint32_t mask = 2 * MEMBERS_MAX - 1;
  uint32_t hash = 2166136261u; /* FNV-1a */
  for (size_t i = 0; i < name.length; i++) hash = (hash ^ (uint8_t)name.start[i]) * 16777619u;
  for (uint32_t slot = (hash ^ hash >> 15) & mask;; slot = (slot + 1) & mask) {
    const int index = names->slots[slot] - 1;
    if (index < 0) {
      names->slots[slot] = (uint16_t)(count + 1);
      return count;
    }
    if (is(name, (const char *)list + (size_t)index * stride)) return index;
  }
}

static bool find_columns(const char *line, size_t length, int *columns) {
  struct field fields[FIELDS_MAX];
  if (length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) line += 3, length -= 3;
  const int count = split(line, length, fields);
  for (int column = 0; column < COLUMNS; column++) {
    columns[column] = -1;
    for (int i = count - 1; i >= 0; i--)
      if (is(fields[i], COLUMN_NAMES[column])) columns[column] = i;
    if (columns[column] < 0) return false;
  }
  return true;
}

/* Counts one ballot. Answers a fault, or FAULTS if there is none; `*why` is set when a new name
 * does not fit any more. */
static enum fault count_line(struct votes *votes, const struct field *fields, const int *columns,
                             const char **why) {
  const uint32_t date = parse_date(fields[columns[DATE]]);
  if (date == 0) return BAD_DATE;
  const struct field proposal_name = fields[columns[PROPOSAL]];
  const struct field member_name = fields[columns[MEMBER]];
  if (!is_name(proposal_name) || !is_name(member_name)) return BAD_NAME;
  int choice = 0;
  while (choice < CHOICES && !is(fields[columns[CHOICE]], CHOICE_NAMES[choice])) choice++;
  if (choice == CHOICES) return BAD_CHOICE;

  const int p = find_name(&votes->proposal_names, votes->proposals, sizeof(struct proposal),
                          votes->proposal_count, proposal_name);
  const int m = find_name(&votes->member_names, votes->members, sizeof(struct member),
                          votes->member_count, member_name);
  if (p == PROPOSALS_MAX) *why = "more than 2048 proposals";
  if (m == MEMBERS_MAX) *why = "more than 4096 members";
  if (*why != NULL) return FAULTS;
  struct proposal *proposal = &votes->proposals[p];
  struct member *member = &votes->members[m];
  if (p == votes->proposal_count) {
    votes->proposal_count++;
    memcpy(proposal->name, proposal_name.start, proposal_name.length);
    proposal->first_date = date;
  }
  if (m == votes->member_count) {
    votes->member_count++;
    memcpy(member->name, member_name.start, member_name.length);
  }
  const uint64_t bit = 1ull << (p % 64);
  const int word = p / 64;
  if ((member->votes[YES][word] | member->votes[NO][word] | member->votes[ABSTAIN][word]) & bit)
    return DUPLICATE;
  member->votes[choice][word] |= bit;
  member->ballots++;
  proposal->counts[choice]++;
  if (date < proposal->first_date) proposal->first_date = date;
  if (votes->first_date == 0 || date < votes->first_date) votes->first_date = date;
  if (date > votes->last_date) votes->last_date = date;
  votes->counts[choice]++;
  votes->ballots++;
  return FAULTS;
}

bool read_votes(FILE *file, struct votes *votes, const char **why) {
  static char line[LINE_BYTES_MAX];
  struct field fields[FIELDS_MAX];
  int columns[COLUMNS];
  size_t length = 0;
  if (read_line(file, line, &length) != LINE || !find_columns(line, length, columns)) {
    *why = "the first line must name the columns date, proposal_id, member, choice";
    return false;
  }
  int last_column = 0;
  for (int i = 0; i < COLUMNS; i++)
    if (columns[i] > last_column) last_column = columns[i];
  for (enum line kind; (kind = read_line(file, line, &length)) != LINE_END;) {
    if (kind == LINE && length == 0) continue;
    votes->lines++;
    enum fault fault = TOO_LONG;
    if (kind == LINE)
      fault = split(line, length, fields) <= last_column
                  ? TOO_FEW_FIELDS
                  : count_line(votes, fields, columns, why);
    if (*why != NULL) return false;
    if (fault != FAULTS) votes->faults[fault]++;
  }
  votes->words = (votes->proposal_count + 63) / 64;
  if (ferror(file)) *why = "the file could not be read to its end";
  else if (votes->ballots == 0) *why = "there is no ballot in it";
  return *why == NULL;
}
