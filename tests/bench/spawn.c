/* Times programs side by side: spawn.c's argument list is ROUNDS and then, for each candidate,
 *   -- NAME FOLDER PROGRAM [VARIABLE=VALUE ...]
 * Each round starts every candidate once, each time in another order, by posix_spawn in FOLDER with the
 * environment given and nothing else. Prints a line `NAME NANOSECONDS` per start. A candidate that does not
 * exit with status 0 ends the run: a shim that fails fast must not win. */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { most = 64 };

struct candidate {
  const char *name, *folder;
  char *arguments[2];
  char **environment;
};

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t time_one(const struct candidate *candidate) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, candidate->folder);
  pid_t child;
  int status = 0;
  const int64_t begin = now();
  const int error = posix_spawn(&child, candidate->arguments[0], &actions, NULL, (char *const *)candidate->arguments,
                                candidate->environment);
  if (error == 0) waitpid(child, &status, 0);
  const int64_t end = now();
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fprintf(stderr, "%s: %s: %s, status 0x%x\n", candidate->name, candidate->arguments[0], strerror(error), status);
    exit(1);
  }
  return end - begin;
}

int main(int argc, char **argv) {
  static struct candidate candidates[most];
  int count = 0;
  for (int i = 2; i + 3 < argc && count < most;) {
    candidates[count] = (struct candidate){argv[i + 1], argv[i + 2], {argv[i + 3], NULL}, argv + i + 4};
    for (i += 4; i < argc && strcmp(argv[i], "--") != 0; ++i) {
    }
    argv[i] = NULL; /* ends the environment before it; argv[argc] is null already */
    ++count;
  }
  if (count == 0) return fprintf(stderr, "usage: spawn ROUNDS -- NAME FOLDER PROGRAM [VARIABLE=VALUE ...] -- ...\n"), 2;
  uint32_t random = 1;
  for (int round = -3; round < atoi(argv[1]); ++round) { /* three rounds fill the caches */
    for (int i = count - 1; i > 0; --i) {
      random = random * 1664525U + 1013904223U;
      const int j = (int)((random >> 8) % (uint32_t)(i + 1));
      const struct candidate swapped = candidates[i];
      candidates[i] = candidates[j];
      candidates[j] = swapped;
    }
    for (int i = 0; i < count; ++i) {
      const int64_t spent = time_one(&candidates[i]);
      if (round >= 0) printf("%s %lld\n", candidates[i].name, (long long)spent);
    }
  }
  return 0;
}
