/* Multiplies matrices of doubles, 128 by 128, again and again: the product of one round, scaled
   back, is a factor of the next. Usage: matmul ROUNDS; prints the sum of the last product. */
#include <stdio.h>
#include <stdlib.h>

enum { SIZE = 128 };

static double a[SIZE][SIZE], b[SIZE][SIZE], product[SIZE][SIZE];

__attribute__((noinline)) static void multiply(void) {
  for (int row = 0; row < SIZE; row++)
    for (int column = 0; column < SIZE; column++) {
      double sum = 0;
      for (int k = 0; k < SIZE; k++) sum += a[row][k] * b[k][column];
      product[row][column] = sum;
    }
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 1;
  for (int row = 0; row < SIZE; row++)
    for (int column = 0; column < SIZE; column++) {
      a[row][column] = (row * 7 + column * 3) % 11 / 11.0;
      b[row][column] = (row * 5 + column * 13) % 17 / 17.0;
    }
  double sum = 0;
  for (int round = 0; round < rounds; round++) {
    multiply();
    sum = 0;
    for (int row = 0; row < SIZE; row++)
      for (int column = 0; column < SIZE; column++) {
        sum += product[row][column];
        a[row][column] = product[row][column] / SIZE;
      }
  }
  printf("%.17g\n", sum);
  return 0;
}
