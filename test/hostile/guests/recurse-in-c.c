/* Recurses without end, with nothing in linear memory: only the depth of calls can stop it. */
static volatile unsigned calls;

static unsigned deeper(unsigned depth) {
  calls = depth;
  return deeper(depth + 1) ^ calls;
}

int main(void) { return (int)deeper(0); }
