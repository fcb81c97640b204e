/* A libcufft over plain memory: sums as in the definition, in double precision. */
#include <math.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))
#ifndef FAKE_PLAN
#define FAKE_PLAN 0 /* 1: answers 6; 2: one bin is wrong; 3: does nothing */
#endif

static int points;

EXPORT int cufftGetVersion(int* version) {
  *version = 12000;
  return 0;
}
EXPORT int cufftPlan1d(int* plan, int size, int type, int batch) {
  points = size;
  *plan = 1;
  return type == 0x29 && batch == 1 ? 0 : 4;
}
EXPORT int cufftDestroy(int plan) { return plan != 1; }
EXPORT int cufftExecC2C(int plan, const float* in, float* out, int direction) {
  if (FAKE_PLAN == 1 || plan != 1) return 6;
  if (FAKE_PLAN == 3) return 0;
  double* root = malloc(sizeof *root * 2 * (size_t)points);
  if (root == NULL) return 2;
  for (int k = 0; k < points; ++k) {
    root[2 * k] = cos(2 * M_PI * k / points);
    root[2 * k + 1] = direction * sin(2 * M_PI * k / points);
  }
  for (int bin = 0; bin < points; ++bin) {
    double re = 0, im = 0;
    for (int i = 0, at = 0; i < points; ++i, at = (at + bin) % points) {
      re += in[2 * i] * root[2 * at] - in[2 * i + 1] * root[2 * at + 1];
      im += in[2 * i] * root[2 * at + 1] + in[2 * i + 1] * root[2 * at];
    }
    out[2 * bin] = (float)re, out[2 * bin + 1] = (float)im;
  }
  if (FAKE_PLAN == 2) out[0] += 0.01F;
  free(root);
  return 0;
}
