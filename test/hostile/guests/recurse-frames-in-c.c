/* Recurses without end, and each call keeps an array on the C stack, which is in linear memory. */
static unsigned deeper(const volatile unsigned *below) {
  volatile unsigned here[64] = {*below + 1};
  return deeper(here) ^ here[0];
}

int main(void) {
  volatile unsigned bottom = 0;
  return (int)deeper(&bottom);
}
