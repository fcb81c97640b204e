/* The least a shim can be: static, walk up to the first `.cudaenv`, read a version, become the tool. No choice
 * among versions, no check of owners or limits, no error. The measure of what a shim must cost. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv) {
  char path[8192], version[64];
  (void)argc;
  if (getcwd(path, 4096) == NULL) return 1;
  for (char *end = path + strlen(path);;) {
    strcpy(end, "/.cudaenv");
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
      const ssize_t size = read(fd, version, sizeof version - 1);
      if (size <= 0) return 1;
      version[size] = '\0';
      version[strcspn(version, "\n")] = '\0';
      break;
    }
    *end = '\0';
    end = strrchr(path, '/');
    if (end == NULL) return 1;
  }
  const char *tool = strrchr(argv[0], '/');
  const char *root = NULL;
  for (char **entry = environ; *entry != NULL; ++entry)
    if (strncmp(*entry, "CUDAENV_ROOT=", 13) == 0) root = *entry + 13;
  if (root == NULL || tool == NULL) return 1;
  snprintf(path, sizeof path, "%s/names/%s/bin%s", root, version, tool);
  argv[0] = path;
  execv(path, argv);
  return 127;
}
