/* Ends as an AssemblyScript program does that fails an assertion: through env.abort. */
#include <stdint.h>

__attribute__((import_module("env"), import_name("abort"))) void as_abort(const void *message,
                                                                           const void *file,
                                                                           int line, int column);

static const struct {
  uint32_t bytes;
  uint16_t text[6];
} message = {12, {'b', 'a', 'd', ' ', 0xe9, '!'}}, file = {8, {'m', '.', 't', 's'}};

int main(void) {
  as_abort(message.text, file.text, 12, 5);
  return 0;
}
