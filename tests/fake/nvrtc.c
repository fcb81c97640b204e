/* A libnvrtc whose machine code and PTX are the text it was given behind a word that says which it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct program {
  char text[4096];
  char image[8192];
};

EXPORT int nvrtcVersion(int* major, int* minor) {
  *major = 13, *minor = 0;
  return 0;
}
EXPORT int nvrtcGetNumSupportedArchs(int* count) {
  *count = 3;
  return 0;
}
EXPORT int nvrtcGetSupportedArchs(int* archs) {
  archs[0] = 75, archs[1] = 80, archs[2] = 90;
  return 0;
}
EXPORT int nvrtcCreateProgram(void** program, const char* text, const char* name, int n, const char* const* headers,
                              const char* const* names) {
  (void)name, (void)n, (void)headers, (void)names;
  struct program* made = calloc(1, sizeof *made);
  if (made == NULL) return 1;
  snprintf(made->text, sizeof made->text, "%s", text);
  *program = made;
  return 0;
}
EXPORT int nvrtcCompileProgram(struct program* program, int count, const char* const* options) {
#ifdef FAKE_NVRTC_FAILS
  (void)program, (void)count, (void)options;
  return 6;
#else
  if (count != 1) return 5;
#ifdef FAKE_LOUD
  fprintf(stderr, "[%s]", strchr(options[0], '=') + 1);
#endif
  const int sass = strstr(options[0], "=sm_") != NULL;
  snprintf(program->image, sizeof program->image, "FAKE-%s %s\n%s", sass ? "SASS" : "PTX", options[0], program->text);
  return 0;
#endif
}
EXPORT int nvrtcGetProgramLogSize(struct program* program, size_t* size) {
  (void)program;
  *size = sizeof "fake: no builtins";
  return 0;
}
EXPORT int nvrtcGetProgramLog(struct program* program, char* log) {
  (void)program;
  strcpy(log, "fake: no builtins");
  return 0;
}
static int image_size(struct program* program, size_t* size) {
  *size = strlen(program->image);
  return 0;
}
static int image_bytes(struct program* program, char* bytes) {
  strcpy(bytes, program->image);
  return 0;
}
EXPORT int nvrtcGetCUBINSize(struct program* program, size_t* size) { return image_size(program, size); }
EXPORT int nvrtcGetCUBIN(struct program* program, char* bytes) { return image_bytes(program, bytes); }
EXPORT int nvrtcGetPTXSize(struct program* program, size_t* size) { return image_size(program, size); }
EXPORT int nvrtcGetPTX(struct program* program, char* bytes) { return image_bytes(program, bytes); }
