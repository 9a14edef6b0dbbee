/* Loops for ever; the counter keeps the compiler from seeing that nothing comes of it. */
int main(void) {
  for (volatile unsigned count = 0;; count++) continue;
}
