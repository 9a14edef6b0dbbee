/* Five bodies under gravity, by small steps of time: square roots and chains of sums of doubles.
   Usage: nbody STEPS; prints the energy of the system, which stays nearly the same. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { BODIES = 5 };

static const double STEP = 0.001;

typedef struct {
  double place[3], speed[3], mass;
} Body;

static Body bodies[BODIES] = {
  {{0, 0, 0}, {0, 0, 0}, 40},         {{5, 0.5, -0.1}, {0.6, 2.8, 0}, 0.04},
  {{8, -4, 0.4}, {1.2, 1.7, 0}, 0.01}, {{-12, 9, -0.2}, {-1, -1.2, 0.1}, 0.002},
  {{15, 16, 0.7}, {-0.9, 0.9, 0}, 0.002},
};

__attribute__((noinline)) static void advance(void) {
  for (int i = 0; i < BODIES; i++)
    for (int j = i + 1; j < BODIES; j++) {
      double away[3], square = 0;
      for (int axis = 0; axis < 3; axis++) {
        away[axis] = bodies[i].place[axis] - bodies[j].place[axis];
        square += away[axis] * away[axis];
      }
      double pull = STEP / (square * sqrt(square));
      for (int axis = 0; axis < 3; axis++) {
        bodies[i].speed[axis] -= away[axis] * bodies[j].mass * pull;
        bodies[j].speed[axis] += away[axis] * bodies[i].mass * pull;
      }
    }
  for (int i = 0; i < BODIES; i++)
    for (int axis = 0; axis < 3; axis++) bodies[i].place[axis] += STEP * bodies[i].speed[axis];
}

static double energy(void) {
  double sum = 0;
  for (int i = 0; i < BODIES; i++) {
    for (int axis = 0; axis < 3; axis++)
      sum += 0.5 * bodies[i].mass * bodies[i].speed[axis] * bodies[i].speed[axis];
    for (int j = i + 1; j < BODIES; j++) {
      double square = 0;
      for (int axis = 0; axis < 3; axis++) {
        double away = bodies[i].place[axis] - bodies[j].place[axis];
        square += away * away;
      }
      sum -= bodies[i].mass * bodies[j].mass / sqrt(square);
    }
  }
  return sum;
}

int main(int argc, char **argv) {
  int steps = argc > 1 ? atoi(argv[1]) : 1;
  for (int step = 0; step < steps; step++) advance();
  printf("%.17g\n", energy());
  return 0;
}
